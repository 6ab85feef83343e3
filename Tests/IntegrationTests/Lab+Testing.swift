import TestSupport
import Testing

/// Runs a test in a lab of its own and shows what the ambassador said when the test throws.
///
/// Inside, `try check(...)` stops at the first broken promise; `#expect` goes on and says no more than itself.
func withLab(
  replicas: Int = 2, flags: [String] = [], options: [String] = [], namesReplicas: Bool = false,
  readsOnReplicas: Bool = true, relayed: Bool = false, _ body: (Lab) throws -> Void
) throws {
  let lab = try Lab(
    replicas: replicas, flags: flags, options: options, namesReplicas: namesReplicas, readsOnReplicas: readsOnReplicas,
    relayed: relayed)
  do {
    try body(lab)
    if let ambassador = try? lab.ambassador { try check(ambassador.isRunning, "the ambassador is gone") }
  } catch { throw Failure("\(error)\n\(lab.service.report)") }
}

extension RedisServer {
  /// Closes the connections whose line in CLIENT LIST is one of these.
  func killClients(_ isMeant: (Substring) -> Bool) throws {
    let admin = try connect()
    let lines = try admin.call("CLIENT", "LIST").text?.split(separator: "\n").filter(isMeant) ?? []
    try check(!lines.isEmpty, "there is no such connection")
    for line in lines {
      let id = line.split(separator: " ").first { $0.hasPrefix("id=") }?.dropFirst(3) ?? ""
      try admin.call("CLIENT", "KILL", "ID", String(id))
    }
  }
}

extension Trait where Self == ConditionTrait {
  /// For promises that a redis-server alone does not make.
  static var throughTheAmbassador: Self {
    .disabled(if: TestTarget.isDirect, "a bare redis-server does not do this")
  }
}

/// Fails with both values in view.
func expectEqual<Value: Equatable>(_ value: Value, _ expected: Value, _ about: @autoclosure () -> String = "") throws {
  try check(value == expected, "\(about()): got \(value), expected \(expected)")
}

/// For what a test says when all is well: numbers and seeds.
var testName: String { Test.current.map { $0.displayName ?? $0.name } ?? "a test" }
