import Commands

@main
enum Main {
  static func main() {
    RecollectCommand.run()
  }
}
