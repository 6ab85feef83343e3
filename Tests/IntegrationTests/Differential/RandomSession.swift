import TestSupport

/// Requests that two servers must answer alike, made from a seed.
struct RandomSession {
  /// One request as it is sent, and its words; no words when the server is to see nothing but noise between requests.
  struct Step {
    let bytes: [UInt8]
    let words: [[UInt8]]
  }

  private var dice: SeededGenerator
  /// Every command of the server that is harmless with any words.
  private let commands: [String]
  /// The digests of `Grammar.scripts`.
  private let digests: [String]

  init(seed: UInt64, commands: [String], digests: [String]) {
    dice = SeededGenerator(seed: seed)
    self.commands = commands
    self.digests = digests
  }

  mutating func roll(_ sides: Int) -> Int { Int.random(in: 0..<sides, using: &dice) }
  mutating func chance(_ oneIn: Int) -> Bool { roll(oneIn) == 0 }

  mutating func pick<Item>(_ items: [Item]) -> Item { items[roll(items.count)] }

  /// What is sent in one go: mostly a few requests, sometimes many.
  mutating func pipeline() -> [Step] {
    (0..<(chance(30) ? 400 : 1 + roll(chance(3) ? 40 : 6))).map { _ in step() }
  }

  private mutating func step() -> Step {
    if chance(60) { return Step(bytes: Array(pick(["\r\n", "*0\r\n", "*-1\r\n", "   \r\n"]).utf8), words: []) }
    let request = request()
    // A line of blanks and quotes is a request as well, if its words can be quoted.
    if chance(12), !request.isEmpty, request[0].allSatisfy({ (65...122).contains($0) }),
      request.reduce(0, { $0 + $1.count }) < 4000
    {
      let line = request.map { Self.quoted($0) }.joined(separator: pick([" ", "  ", "\t"]))
      return Step(bytes: Array((line + pick(["\r\n", "\n", " \r\n"])).utf8), words: request)
    }
    return Step(bytes: Request.bytes(request), words: request)
  }

  private static func quoted(_ word: [UInt8]) -> String {
    if !word.isEmpty, word.allSatisfy({ (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) }) {
      return String(decoding: word, as: UTF8.self)
    }
    return "\"" + word.map { "\\x" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "\""
  }

  mutating func request() -> [[UInt8]] {
    var words: [[UInt8]]
    switch roll(20) {
    case 0: words = anything()
    case 1...2: words = expand(pick(Grammar.server))
    case 3...5: words = expand(pick(Grammar.session))
    case 6...8: words = expand(pick(Grammar.keyspace))
    default: words = expand(pick(Grammar.data))
    }
    if !Self.mayWait(words) { spoil(&words) }
    if chance(8) { words[0] = words[0].map { (65...90).contains($0) && self.chance(2) ? $0 + 32 : $0 } }
    return words
  }

  /// With a wrong number these would wait for ever.
  private static func mayWait(_ words: [[UInt8]]) -> Bool {
    let name = String(decoding: words[0], as: UTF8.self)
    return name.hasPrefix("B") && name.contains("POP")
      || ["BLMOVE", "WAIT", "XREAD", "XREADGROUP", "SHUTDOWN", "DEBUG"].contains(name)
      || name == "REPLICAOF" || name == "FAILOVER"
      // It may say who one is before it says what is wrong.
      || words.contains(Array("secret".utf8))
      // With other words it may subscribe, and then it depends on the words how many replies there are.
      || name.hasSuffix("SUBSCRIBE")
  }

  /// As people's programs are wrong: a word too few, too many, or another one.
  private mutating func spoil(_ words: inout [[UInt8]]) {
    guard chance(12), words.count > 1 else { return }
    let index = 1 + roll(words.count - 1)
    switch roll(4) {
    case 0: words.remove(at: index)
    case 1: words.insert(junk(), at: index)
    case 2: words[index] = junk()
    default: words.append(junk())
    }
  }

  private mutating func junk() -> [UInt8] {
    Array(
      pick([
        "", "-1", "abc", "9223372036854775808", "-9223372036854775809", "1e400", "nan", "\r\n", "a b", "NX", "\u{e9}",
        "0x10", " 1", "+1", "00",
      ]).utf8)
  }

  /// Any command with any words.
  private mutating func anything() -> [[UInt8]] {
    let words = [
      "0", "1", "2", "-1", "10", "1.5", "LEFT", "RIGHT", "MIN", "MAX", "WITHSCORES", "LIMIT", "COUNT", "MATCH", "BY",
      "GET",
      "ASC", "STORE", "NX", "XX", "AND", "BEFORE", "(1", "[a", "-", "+", "inf", "HELP", "km", "",
    ]
    let name =
      chance(10)
      ? pick(["NOSUCH", "nosuch.module", "", "GE", "GETT", "PO\r\nST", "a b", "\u{0}"]) : pick(commands).uppercased()
    return [Array(name.utf8)] + (0..<roll(7)).map { _ in chance(2) ? draw("k") : Array(pick(words).utf8) }
  }

  /// A template with its choices made.
  private mutating func expand(_ template: String) -> [[UInt8]] {
    var words: [[UInt8]] = []
    for part in template.split(separator: " ") {
      var part = part
      if part.hasPrefix("[") {
        part = part.dropFirst().dropLast()
        if chance(2) { continue }
      }
      var times = 1
      if part.hasSuffix("+"), part.count > 1, part.hasPrefix("$") {
        part = part.dropLast()
        times = 1 + roll(4)
      }
      for _ in 0..<times {
        let word = pick(part.split(separator: "/", omittingEmptySubsequences: false))
        if let sign = word.firstIndex(of: "$"), word.distance(from: sign, to: word.endIndex) == 2, let kind = word.last
        {
          words.append(Array(word[..<sign].utf8) + draw(kind))
        } else {
          words.append(Array(word.utf8).replacing(Array("\\s".utf8), with: [32]))
        }
      }
    }
    return words
  }

  private mutating func draw(_ kind: Character) -> [UInt8] {
    func text(_ text: String) -> [UInt8] { Array(text.utf8) }
    switch kind {
    case "k": return text(pick(["s", "h", "l", "t", "z", "x", "g", "p"]) + "\(roll(3))")
    case "s", "h", "l", "t", "z", "x", "g", "p":
      if chance(25) { return pick([draw("k"), [], [0, 13, 10, 255], text("{a}b c")]) }
      return text("\(kind)\(roll(3))")
    case "v":
      if chance(150) { return (0..<(chance(4) ? 400_000 : 70_000)).map { UInt8(truncatingIfNeeded: $0) } }
      return pick([
        text("value"), text("1"), text("a"), [], (0...255).map { UInt8($0) }, text("\r\n+OK\r\n"),
        text(String(repeating: "x", count: roll(200))),
      ])
    case "m":
      return text(
        pick([
          "a", "b", "c", "d", "e", "1", "2",
          "a long member that no compact encoding of small things takes, because of its length", "\r\n",
        ]))
    case "n": return text(pick(["0", "1", "-1", "7", "100", "9223372036854775807", "x", "1.5"]))
    case "i": return text(pick(["0", "1", "2", "-1", "-2", "-100", "100", "x"]))
    case "f": return text(pick(["0", "1", "1.5", "-2.25", "3e2", "inf", "-inf", "nan", "x", "0.1"]))
    case "b": return text(pick(["-inf", "+inf", "0", "(1", "1.5", "(x", "100"]))
    case "y": return text(pick(["-", "+", "[a", "(a", "[c", "(e", "x"]))
    case "q": return text(pick(["*", "s*", "?1", "[hl]*", "none", "\\*"]))
    case "d": return text(pick(["0", "1", "1-1", "2-1", "3", "3-3", "5-0", "0-0", "9999999999999-1", "x", "1-x"]))
    case "c": return text(pick(["news", "mail", "other"]))
    case "e": return text(pick(Grammar.scripts))
    case "j": return text(chance(6) ? "ffff" : pick(digests))
    case "u": return text(pick(Grammar.functions))
    case "r": return pick([text("junk"), [], [0, 1, 97, 10, 0, 4, 0xbf, 0xfe, 0xef, 0x9b, 0x8f, 0x36, 0x7d, 0xb4]])
    default: return text("$\(kind)")
    }
  }
}
