import Foundation
import ModelTestSupport
import Records
import SchemaTestSupport
import TestSupport
import Testing

/// Facts and answers of a remote model, through the real program.
@Suite struct InferenceServerTests {
  private static let key = "sk-not-to-be-seen-0123456789"

  private func environment(_ url: String, answers: Bool = true) -> [String: String] {
    [
      "RECOLLECT_ANSWER_MODEL_URL": url, "RECOLLECT_ANSWER_MODEL_MODEL": "small",
      "RECOLLECT_ANSWER_MODEL_KEY": Self.key, "RECOLLECT_ANSWER_MODEL_TIMEOUT_SECONDS": "5",
      "RECOLLECT_ANSWER_MODEL_ATTEMPTS": "2",
      "RECOLLECT_ANSWER_MODEL_PROVIDER": answers ? "openai" : "extractive",
      "RECOLLECT_LOG_LEVEL": "trace",
    ]
  }

  /// What a model says that was shown something.
  private static func says(_ request: ModelServer.Request) -> ModelServer.Reply {
    if request.line.hasPrefix("GET") { return .status(200, [:], "{\"data\": []}") }
    if request.data?["question"] != nil {
      return .says(
        #"{"answered": true, "answer": "In Oslo.", "citations": [{"memory": 1, "quote": "Oslo"}]}"#)
    }
    guard let number = request.number(of: "Ana lives in Bergen.") else {
      return .says(#"{"decisions": []}"#)
    }
    return .says(
      """
      {"decisions": [{"decision": "supersede", "memory": \(number), "text": 1,
      "content": "Ana lives in Oslo.", "reason": "she moved"}]}
      """)
  }

  @Test(.timeLimit(.minutes(2)))
  func `every reply holds to its schema, and a model's failure is one of the service`() throws {
    let model = try ModelServer { request, _ in Self.says(request) }
    let directory = try TemporaryDirectory()
    let server = try ServerProcess(
      directory.url, options: ["--tools", "all"], environment: environment(model.url))
    _ = try server.initialize()
    let tools = try server.request("tools/list")["tools"]?.array ?? []
    func checked(_ tool: String, _ arguments: JSONValue) throws -> JSONValue {
      let reply = try server.call(tool, arguments)
      let schema = tools.first { $0["name"] == .string(tool) }?["outputSchema"] ?? .null
      #expect(faults(of: reply, against: schema) == [])
      return reply
    }
    let nothing = try checked("add_memory", ["content": "Good morning!", "infer": true])
    #expect(nothing["outcome"] == "unchanged" && nothing["memory"] == nil)
    #expect(nothing["decisions"] == [])
    let old = try checked("add_memory", ["content": "Ana lives in Bergen."])
    #expect(old["outcome"] == "added" && old["decisions"] == nil)
    let moved = try checked("add_memory", ["content": "I moved to Oslo. Ana", "infer": true])
    #expect(moved["outcome"] == "superseded")
    #expect(moved["memory"]?["supersedes"] == old["memory"]?["memory_id"])
    #expect(moved["decisions"]?.array?.first?["reason"] == "she moved")
    let several = try checked(
      "add_memories", ["items": [["content": "Good day!"]], "infer": true])
    #expect(several["added"] == 0 && several["updated"] == 0 && several["decisions"] == [])
    let answer = try checked("ask_question", ["question": "Where does Ana live?"])
    #expect(answer["answer"] == "In Oslo." && answer["model"] == "small")
    #expect(answer["citations"]?.array?.first?["quote"] == "Oslo")
    let health = try checked("health_check", [:])
    let part = health["parts"]?.array?.first { $0["name"] == "answer_model" }
    #expect(part?["status"] == "ok" && part?["detail"]?.string?.contains("small") == true)
    let failing = try ServerProcess(
      directory.url, environment: environment("http://127.0.0.1:1/v1"))
    _ = try failing.initialize()
    for (tool, arguments) in [
      ("add_memory", ["content": "Ana sings.", "infer": true] as JSONValue),
      ("ask_question", ["question": "Where does Ana live?"]),
    ] {
      let error = try failing.failure(tool, arguments)
      #expect(error["code"] == "unavailable")
      #expect(error["message"]?.string?.contains("tored") == true)
    }
    #expect(try failing.call("health_check")["status"] == "degraded")
  }

  @Test(.timeLimit(.minutes(2)))
  func `the key is in no reply, no log and no list of settings`() throws {
    let refusing = try ModelServer(.status(401, [:], "Incorrect API key provided: \(Self.key)"))
    let program = try RecollectProcess()
    let directory = try TemporaryDirectory()
    let data = ["--data-directory", directory.url.path, "--model", "hashing"]
    let file = directory.url.appendingPathComponent("key.txt")
    try "\(Self.key)\n".write(to: file, atomically: true, encoding: .utf8)
    var byFile = environment(refusing.url)
    byFile["RECOLLECT_ANSWER_MODEL_KEY"] = nil
    byFile["RECOLLECT_ANSWER_MODEL_KEY_FILE"] = file.path
    for environment in [environment(refusing.url), byFile] {
      _ = try program.run(["memories", "add", "Tea."] + data, environment: environment)
      let calls = ["add_memory", "ask_question", "health_check"].enumerated().map { number, name in
        """
        {"jsonrpc": "2.0", "id": \(number + 1), "method": "tools/call", "params": {"name": "\(name)", \
        "arguments": \(["{\"content\": \"Tea!\", \"infer\": true}", "{\"question\": \"Tea?\"}", "{}"][number])}}
        """
      }
      let hello = """
        {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"protocolVersion": \
        "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}}
        """
      let outcomes = [
        try program.run(["memories", "add", "Tea!", "--infer"] + data, environment: environment),
        try program.run(["ask", "Tea?"] + data, environment: environment),
        try program.run(["config"], environment: environment),
        try program.run(["config", "--json"], environment: environment),
        try program.run(
          ["serve"] + data, stdin: Data(([hello] + calls).joined(separator: "\n").utf8 + [0x0A]),
          environment: environment),
      ]
      for outcome in outcomes {
        #expect(!(outcome.text + outcome.standardError).contains(Self.key))
      }
      #expect(outcomes[0].status == 4 && outcomes[0].standardError.contains("401"))
      #expect(outcomes[4].text.contains("unavailable"))
      if environment["RECOLLECT_ANSWER_MODEL_KEY"] != nil {
        #expect(outcomes[2].text.contains("••••••"))
      }
    }
    #expect(refusing.requests.contains { $0.fields["authorization"] == "Bearer \(Self.key)" })
  }

  @Test(.timeLimit(.minutes(2)))
  func `the verb adds what the model decides, and says each decision`() throws {
    let model = try ModelServer { request, _ in Self.says(request) }
    let program = try RecollectProcess()
    let directory = try TemporaryDirectory()
    let data = ["--data-directory", directory.url.path, "--model", "hashing"]
    let settings = environment(model.url, answers: false)
    let none = try program.run(
      ["memories", "add", "Good morning!", "--infer"] + data, environment: settings)
    #expect(none.status == 0 && none.text == "Nothing to remember.\n")
    _ = try program.run(["memories", "add", "Ana lives in Bergen."] + data, environment: settings)
    let moved = try program.run(
      ["memories", "add", "Ana moved to Oslo.", "--infer"] + data, environment: settings)
    #expect(moved.text.hasPrefix("supersede ") && moved.text.contains("(she moved)"))
    // Questions are still answered by quotes, where only facts are the model's.
    let asked = try program.run(
      ["ask", "Where does Ana live?", "--json"] + data, environment: settings)
    #expect(asked.text.contains(#""model":"extractive""#))
    let without = try program.run(["memories", "add", "Ana.", "--infer"] + data)
    #expect(without.status == 2 && without.standardError.contains("RECOLLECT_ANSWER_MODEL_URL"))
  }

  // MARK: TLS

  private static let hasOpenSSL = FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")

  /// Says `{"decisions": []}` over TLS with the certificate and key in a folder.
  private static let secureServer = """
    import http.server, ssl, sys
    BODY = b'{"choices": [{"message": {"content": "{\\\\"decisions\\\\": []}"}}]}'
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", str(len(BODY)))
            self.end_headers()
            self.wfile.write(BODY)
        def log_message(self, *arguments):
            pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1] + "/cert.pem", sys.argv[1] + "/key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    print(server.server_port, flush=True)
    server.serve_forever()
    """

  private func run(_ program: String, _ arguments: [String]) throws -> (Process, Pipe) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    return (process, output)
  }

  @Test(.enabled(if: hasOpenSSL), .timeLimit(.minutes(2)))
  func `https is spoken to who shows a certificate of its own name from a known authority`() throws
  {
    let directory = try TemporaryDirectory()
    let folder = directory.url.path
    let (maker, _) = try run(
      "openssl",
      [
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout",
        "\(folder)/key.pem", "-out", "\(folder)/cert.pem", "-subj", "/CN=recollect test",
        "-addext", "subjectAltName=DNS:localhost",
      ])
    maker.waitForEnd()
    #expect(maker.terminationStatus == 0)
    let (server, output) = try run("python3", ["-c", Self.secureServer, folder])
    // A thread that may ignore signals has started it, and so it ignores those that can be.
    defer { kill(server.processIdentifier, SIGKILL) }
    let port = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self).trimmed
    let program = try RecollectProcess()
    func add(_ host: String, trusting file: String) throws -> RecollectProcess.Outcome {
      var settings = environment("https://\(host):\(port)/v1")
      settings["SSL_CERT_FILE"] = file
      return try program.run(
        ["memories", "add", "Hello.", "--infer", "--data-directory", folder, "--model", "hashing"],
        environment: settings)
    }
    let trusted = try add("localhost", trusting: "\(folder)/cert.pem")
    #expect(trusted.status == 0, "\(trusted.standardError)")
    let unknown = try add("localhost", trusting: "/nowhere")
    #expect(unknown.status == 4 && unknown.standardError.contains("certificate"))
    let other = try add("127.0.0.1", trusting: "\(folder)/cert.pem")
    #expect(other.status == 4 && other.standardError.contains("certificate"))
  }
}
