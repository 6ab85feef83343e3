import RESP
import Testing

@Suite struct RequestScannerTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var text: String
    var length: Int
    var arguments: [String]
    var testDescription: String { text.debugDescription }
  }

  @Test(arguments: [
    Case(text: "*1\r\n$4\r\nPING\r\n", length: 14, arguments: ["PING"]),
    Case(text: "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n*1\r\n", length: 20, arguments: ["GET", "k"]),
    Case(text: "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n", length: 26, arguments: ["SET", "k", ""]),
    Case(text: "*2\r\n$0\r\n\r\n$0\r\n\r\n", length: 16, arguments: ["", ""]),
    Case(
      text: "*2\r\n$12\r\nAAAABBBBCCCC\r\n$12\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n", length: 42,
      arguments: ["AAAABBBBCCCC", "\r\n\r\n\r\n\r\n\r\n\r\n"]),
    // Redis looks at neither the byte behind a header's carriage return nor the two behind a payload.
    Case(text: "*1\rX$4\rYPINGZZ*", length: 14, arguments: ["PING"]),
    Case(text: "*1\r\r$4\r\rPING\r\r", length: 14, arguments: ["PING"]),
    Case(
      text: "*11\r\n" + String(repeating: "$1\r\na\r\n", count: 11), length: 82,
      arguments: .init(repeating: "a", count: 11)),
    Case(
      text: "*1\r\n$120\r\n" + String(repeating: "é", count: 120) + "\r\n", length: 132,
      arguments: [String(repeating: "é", count: 120)]),
    Case(text: "*0\r\nPING\r\n", length: 4, arguments: []),
    Case(text: "*-1\r\nPING\r\n", length: 5, arguments: []),
    Case(text: "*-9223372036854775808\r\n", length: 23, arguments: []),
  ])
  func complete(_ example: Case) {
    let bytes = latin(example.text)
    let (whole, differences) = RequestScanner().scanEveryWay(bytes)
    #expect(differences.isEmpty)
    #expect(whole.progress == .complete)
    #expect(whole.position == example.length)
    #expect(whole.argumentCount == example.arguments.count)
    #expect(whole.argumentsScanned == example.arguments.count)
    #expect(whole.pendingBulk == 0 && whole.error == nil)
    #expect(bytes.at(whole.name) == latin(example.arguments.first ?? ""))
    #expect(bytes.at(whole.second) == latin(example.arguments.dropFirst().first ?? ""))
    let spans = bytes[..<whole.position].withUnsafeBytes { Array(RequestArguments($0)) }
    #expect(spans.map(bytes.at) == example.arguments.map(latin))
  }

  @Test(arguments: malformedRequests.indices)
  func malformed(_ index: Int) {
    let (bytes, message) = malformedRequests[index]
    let cuts = bytes.count < 100 ? Array(0...bytes.count) : Array(0...20) + Array(bytes.count - 20...bytes.count)
    let (whole, differences) = RequestScanner().scanEveryWay(bytes, cutting: cuts)
    #expect(differences.isEmpty)
    #expect(whole.progress == .malformed)
    #expect(whole.error?.message == message)
    var reply: [UInt8] = []
    whole.error?.appendReply(to: &reply)
    #expect(reply == latin("-ERR \(message)\r\n"))
  }

  @Test(arguments: [
    "", "*", "*1", "*1\r", "*1\r\n", "*1\r\n$", "*1\r\n$4", "*1\r\n$4\r", "*1\r\n$4\r\nPING\r", "*2147483647\r\n",
    "*abc",
    "*1\r\nabc", "*1\r\n$536870912\r\n", "*1\n$4\n", "PING", "PING\0\r\nPING\r\n", "*\0\r\n", "*1\r\n$4\0\r\nPING\r\n",
  ])
  func waiting(_ text: String) {
    let (whole, differences) = RequestScanner().scanEveryWay(latin(text))
    #expect(differences.isEmpty)
    #expect(whole.progress == .needMore)
  }

  @Test(arguments: ["PING\r\n": 6, "PING\nX": 5, "\n": 1, "\r\n*": 2, "GET \"a b\"\r\nX": 11, "$4\r\n": 4, "\r\r\n": 3])
  func inline(_ text: String, _ length: Int) {
    let (whole, differences) = RequestScanner().scanEveryWay(latin(text))
    #expect(differences.isEmpty)
    #expect(whole.progress == .inline && whole.position == length && whole.argumentCount == 0)
  }

  /// The limit counts what stands before the terminator: 65536 bytes may.
  @Test func lineLimit() {
    let digits = [UInt8](repeating: 0x31, count: 65535)
    let cases: [(bytes: [UInt8], progress: ScanProgress, error: RequestSyntaxError?)] = [
      (latin("*") + digits, .needMore, nil),
      (latin("*") + digits + latin("\r\n"), .malformed, .invalidArgumentCount),
      (latin("*1") + digits + latin("\r\n"), .malformed, .argumentCountLineTooBig),
      (latin("*1\r\n$") + digits + latin("\r\n"), .malformed, .invalidBulkLength),
      (latin("*1\r\n$1") + digits + latin("\r\n"), .malformed, .bulkLengthLineTooBig),
      (latin("1") + digits + latin("\n"), .inline, nil),
      (latin("11") + digits + latin("\n"), .malformed, .inlineTooBig),
    ]
    for (bytes, progress, error) in cases {
      let (whole, differences) = RequestScanner().scanEveryWay(bytes, cutting: bytes.count - 5...bytes.count)
      #expect(differences.isEmpty)
      #expect(whole.progress == progress && whole.error == error)
    }
  }

  @Test func unauthenticated() {
    var scanner = RequestScanner()
    scanner.isAuthenticated = false
    func error(_ text: String) -> RequestSyntaxError? {
      let (whole, differences) = scanner.scanEveryWay(latin(text))
      #expect(differences.isEmpty)
      return whole.error
    }
    #expect(error("*10\r\n") == nil)
    #expect(error("*11\r\n") == .unauthenticatedArgumentCount)
    #expect(error("*2147483648\r\n") == .invalidArgumentCount)
    #expect(error("*1\r\n$16384\r\n") == nil)
    #expect(error("*1\r\n$16385\r\n") == .unauthenticatedBulkLength)
    #expect(error("*1\r\n$536870913\r\n") == .invalidBulkLength)
    #expect(
      RequestSyntaxError.unauthenticatedArgumentCount.message == "Protocol error: unauthenticated multibulk length")
    #expect(RequestSyntaxError.unauthenticatedBulkLength.message == "Protocol error: unauthenticated bulk length")
    scanner.reset()
    #expect(!scanner.isAuthenticated)
  }

  @Test func limitBelowFastPath() {
    let scanner = RequestScanner(maxBulkLength: 8)
    for (text, error) in [("$8\r\n", nil), ("$9\r\n12", .invalidBulkLength), ("$10\r\n12", .invalidBulkLength)]
      as [(String, RequestSyntaxError?)]
    {
      let (whole, differences) = scanner.scanEveryWay(latin("*2\r\n" + text))
      #expect(differences.isEmpty)
      #expect(whole.error == error)
    }
    #expect(
      RequestScanner(maxBulkLength: .max).scanEveryWay(latin("*1\r\n$9223372036854775805\r\nab")).whole.progress
        == .needMore)
    #expect(
      RequestScanner(maxBulkLength: .max).scanEveryWay(latin("*1\r\n$9223372036854775806\r\n")).whole.error
        == .invalidBulkLength)
    #expect(
      RequestScanner(maxBulkLength: -1).scanEveryWay(latin("*1\r\n$1\r\na\r\n")).whole.error == .invalidBulkLength)
  }

  @Test func spansAppearWhenWholly() {
    let bytes = latin("*3\r\n$3\r\nSET\r\n$2\r\nkk\r\n$1\r\nv\r\n")
    var scanner = RequestScanner()
    for end in 0...bytes.count {
      _ = scanner.outcome(bytes, 0, end)
      #expect(scanner.isNameKnown == (end >= 13))
      #expect(scanner.name == (end >= 13 ? ByteSpan(offset: 8, length: 3) : ByteSpan(offset: 0, length: 0)))
      #expect(scanner.isSecondKnown == (end >= 21))
      #expect(scanner.second == (end >= 21 ? ByteSpan(offset: 17, length: 2) : ByteSpan(offset: 0, length: 0)))
      #expect(scanner.position <= end)
    }
    let final = RequestOutcome(.complete, scanner)
    #expect(scanner.outcome(bytes, 0, bytes.count) == final, "a final answer is repeated")
    scanner.reset()
    #expect(scanner.outcome(bytes, 0, bytes.count) == final, "and a reset scanner finds it again")
  }

  /// A payload of any size needs no buffer: the piece that was seen counts down what is to come.
  @Test func payloadPiecewise() {
    var scanner = RequestScanner()
    let header = latin("*2\r\n$4\r\nECHO\r\n$1000000\r\n")
    #expect(scanner.outcome(header, 0, header.count).pendingBulk == 1_000_002)
    let piece = [UInt8](repeating: 0x20, count: 1000)
    for count in 1...1000 {
      let progress = piece.withUnsafeBytes { scanner.scan($0, dropped: scanner.position) }
      #expect(progress == .needMore)
      #expect(scanner.pendingBulk == 1_000_002 - 1000 * count)
      #expect(scanner.position == header.count + 1000 * count)
    }
    #expect(latin("\r\n*").withUnsafeBytes { scanner.scan($0, dropped: scanner.position) } == .complete)
    #expect(scanner.second == ByteSpan(offset: header.count, length: 1_000_000))
    #expect(scanner.position == header.count + 1_000_002)
  }
}
