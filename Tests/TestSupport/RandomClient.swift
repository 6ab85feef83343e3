/// A client of random habits that recognises every reply it gets as its own, or throws.
///
/// Its keys and counters carry its name and a generation; a generation ends when it leaves without reading everything,
/// because what it had sent may then still be carried out later. What a key holds follows from key and version alone.
public struct RandomClient: ~Copyable {
  private enum Expectation {
    case exactly(RESPValue)
    /// Which version is not the question here, but whose: nothing, or any of this client's own so far.
    case anyVersion(of: String, upTo: Int)
    case list([Expectation])
  }

  private let name: String
  private let service: any ServiceUnderTest
  private var dice: SeededGenerator
  private var generation = 0
  private var versions: [String: Int] = [:]
  private var counter = 0
  private var words = 0
  private var client: RESPClient?

  public init(name: String, seed: UInt64, service: any ServiceUnderTest) {
    self.name = name
    self.service = service
    dice = SeededGenerator(seed: seed)
  }

  /// One pipeline, and whatever this client then thinks of doing.
  public mutating func step() throws {
    let client = try client ?? service.connect()
    self.client = client
    if chance(10) { _ = try client.call("HELLO", chance(2) ? "3" : "2") }
    let (commands, expectations) = pipeline(chance(20) ? 2000 : 1 + roll(60))
    let bytes = Request.bytes(pipeline: commands)
    if chance(12) {
      try client.send(Array(bytes[..<roll(bytes.count)]))
      return leave(client)
    }
    if chance(4) {
      let middle = roll(bytes.count)
      try client.send(Array(bytes[..<middle]))
      try client.send(Array(bytes[middle...]))
    } else {
      try client.send(bytes)
    }
    let read = chance(12) ? roll(commands.count) : commands.count
    for index in 0..<read {
      let reply = try client.reply().value
      guard Self.matches(reply, expectations[index]) else {
        throw Failure(
          "\(name): reply \(index) of \(read), to \(commands[index]): got \(reply), expected \(expectations[index])")
      }
    }
    if read < commands.count { leave(client) } else if chance(30) { leave(client) }
  }

  private mutating func leave(_ client: RESPClient) {
    if chance(2) { client.abort() } else { client.close() }
    self.client = nil
    generation += 1
    versions = [:]
    counter = 0
  }

  private mutating func pipeline(_ count: Int) -> ([[String]], [Expectation]) {
    var commands: [[String]] = []
    var expectations: [Expectation] = []
    for _ in 0..<count {
      let key = randomKey()
      switch roll(10) {
      case 0, 1, 2:
        let version = versions[key, default: 0] + 1
        versions[key] = version
        commands.append(["SET", key, Self.value(key, version)])
        expectations.append(.exactly(.simple("OK")))
      case 3, 4, 5, 6:
        commands.append(["GET", key])
        expectations.append(expectation(key))
      case 7:
        let keys = (0...roll(4)).map { _ in randomKey() }
        commands.append(["MGET"] + keys)
        expectations.append(.list(keys.map { expectation($0) }))
      case 8:
        counter += 1
        commands.append(["INCR", "\(name).\(generation).counter"])
        expectations.append(.exactly(.integer(counter)))
      default:
        words += 1
        commands.append(["ECHO", "\(name) says \(words)"])
        expectations.append(.exactly(.bulk("\(name) says \(words)")))
      }
    }
    return (commands, expectations)
  }

  private func expectation(_ key: String) -> Expectation { .anyVersion(of: key, upTo: versions[key, default: 0]) }

  private static func matches(_ reply: RESPValue, _ expectation: Expectation) -> Bool {
    switch expectation {
    case .exactly(let value): return reply == value
    case .anyVersion(let key, let latest):
      if reply.isNull { return true }
      guard let text = reply.text, text.hasPrefix(key + ":"),
        let version = Int(text.dropFirst(key.count + 1).prefix { $0 != ":" })
      else { return false }
      return version <= latest && text == value(key, version)
    case .list(let expectations):
      guard let elements = reply.elements, elements.count == expectations.count else { return false }
      return zip(elements, expectations).allSatisfy { matches($0, $1) }
    }
  }

  private static func value(_ key: String, _ version: Int) -> String {
    "\(key):\(version):" + String(repeating: "\(version % 10)", count: version % 25 == 0 ? 30_000 : version * 37 % 500)
  }

  private mutating func randomKey() -> String { "\(name).\(generation).\(roll(8))" }
  private mutating func roll(_ sides: Int) -> Int { Int.random(in: 0..<sides, using: &dice) }
  private mutating func chance(_ oneIn: Int) -> Bool { roll(oneIn) == 0 }
}
