import MCPServer
import Records
import Synchronization

/// Answers with what it was asked, as often as it was asked to.
struct EchoTool: Tool {
  enum Tone: String, CaseIterable, Codable, Sendable {
    case plain
    case loud
  }

  struct Input: ToolInput {
    let text: String
    let count: Int
    let tone: Tone

    init(_ arguments: inout ArgumentReader) throws {
      text = try arguments.required("text", .text(1...2_000_000), "What to say.")
      count = try arguments.optional("count", .integer(in: 1...20), default: 1, "How often.")
      tone = try arguments.optional("tone", .choice(), default: .plain, "How loud.")
    }
  }

  struct Output: Codable, Sendable {
    let said: [String]
    let tone: Tone
    let caller: String?
  }

  static let name = "echo"
  static let title = "Echo"
  static let description = "Call this to hear something again."
  static let annotations = ToolAnnotations.reads

  func call(_ input: Input, _ context: ToolContext) throws -> Output {
    let caller: String? =
      if case .bound(let user) = context.caller { user.description } else { nil }
    return Output(
      said: Array(repeating: input.text, count: input.count), tone: input.tone, caller: caller)
  }
}

/// Throws whatever it holds.
struct FailingTool: Tool {
  struct Output: Codable, Sendable {
    let number: Double
  }

  static let name = "fail"
  static let title = "Fail"
  static let description = "Never call this."
  static let annotations = ToolAnnotations.removes

  let error: (any Error & Sendable)?

  init(_ error: (any Error & Sendable)?) { self.error = error }

  func call(_ input: NoArguments, _ context: ToolContext) throws -> Output {
    if let error { throw error }
    return Output(number: .nan)
  }
}

/// Takes as long as the test wants, or until nobody waits any more.
struct SlowTool: Tool {
  final class Gate: Sendable {
    private let isOpen = Atomic(false)
    private let started = Atomic(0)
    private let gaveUp = Atomic(0)

    var calls: Int { started.load(ordering: .acquiring) }
    var cancelledCalls: Int { gaveUp.load(ordering: .acquiring) }

    func open() { isOpen.store(true, ordering: .releasing) }

    fileprivate func wait(_ cancellation: Cancellation) throws {
      started.add(1, ordering: .acquiringAndReleasing)
      while !isOpen.load(ordering: .acquiring) {
        if cancellation.isCancelled { gaveUp.add(1, ordering: .acquiringAndReleasing) }
        try cancellation.check()
        takeABreath()
      }
    }
  }

  struct Input: ToolInput {
    let label: String

    init(_ arguments: inout ArgumentReader) throws {
      label = try arguments.required("label", .text(0...100), "Comes back.")
    }
  }

  struct Output: Codable, Sendable {
    let label: String
  }

  static let name = "slow"
  static let title = "Slow"
  static let description = "Call this to wait."
  static let annotations = ToolAnnotations.adds

  let gate: Gate

  func call(_ input: Input, _ context: ToolContext) throws -> Output {
    try gate.wait(context.cancellation)
    return Output(label: input.label)
  }
}

/// Shows a type of output and returns the value it holds.
struct ShowTool<Shown: Codable & Sendable>: Tool {
  static var name: String { "show" }
  static var title: String { "Show" }
  static var description: String { "Call this to see it." }
  static var annotations: ToolAnnotations { .updates }

  let value: Shown

  func call(_ input: NoArguments, _ context: ToolContext) throws -> Shown { value }
}
