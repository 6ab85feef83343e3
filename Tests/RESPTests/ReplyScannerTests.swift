import RESP
import Testing

@Suite struct ReplyScannerTests {
  @Test(arguments: [
    "+OK\r\n", "+\r\n", "+a\nb\r\n", "-ERR no\r\n", ":0\r\n", ":-1\r\n", ":+5\r\n", ":12345678\r\n",
    ":9223372036854775807\r\n",
    ":-9223372036854775808\r\n", "$0\r\n\r\n", "$-1\r\n", "$5\r\na\r\nbc\r\n", "$12\r\nabcdefghijkl\r\n", "*0\r\n",
    "*-1\r\n",
    "*2\r\n:1\r\n$1\r\na\r\n", "*3\r\n+OK\r\n$-1\r\n*-1\r\n", "*2\r\n*2\r\n*0\r\n*1\r\n:1\r\n*1\r\n*1\r\n*0\r\n",
    "_\r\n", "#t\r\n", "#f\r\n",
    ",1.5\r\n", ",inf\r\n", ",-inf\r\n", ",nan\r\n", ",-nan\r\n", ",1e+17\r\n", ",10\r\n",
    "(3492890328409238509324850943850943825024385\r\n",
    "(-1\r\n", "!21\r\nSYNTAX invalid syntax\r\n", "=15\r\ntxt:Some string\r\n", "=4\r\ntxt:\r\n", "%0\r\n",
    "%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n_\r\n",
    "~2\r\n#t\r\n,0\r\n", ">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n", "*1\r\n>1\r\n:1\r\n",
    "*2\r\n|1\r\n+ttl\r\n:3600\r\n:1\r\n:2\r\n",
    "*2\r\n:1\r\n|1\r\n+a\r\n%1\r\n|1\r\n+x\r\n+y\r\n+k\r\n*2\r\n:1\r\n:2\r\n+end\r\n",
  ])
  func complete(_ text: String) {
    let bytes = latin(text)
    for following in ["", ":1\r\n", "junk"] {
      let (whole, differences) = ReplyScanner().scanEveryWay(bytes + latin(following))
      #expect(differences.isEmpty)
      #expect(whole.progress == .complete && whole.position == bytes.count)
      #expect(whole.kind == bytes[0] && whole.error == nil && whole.pendingBulk == 0)
    }
    for end in 0..<bytes.count {
      var scanner = ReplyScanner()
      #expect(scanner.outcome(bytes, 0, end).progress == .needMore)
      #expect(scanner.position <= end)
    }
  }

  /// A client's own messages come between the elements of a reply that is being made, and are none of them.
  @Test(arguments: [
    "*2\r\n>3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nx\r\n:1\r\n+OK\r\n",
    "*2\r\n:1\r\n>4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$1\r\nc\r\n$1\r\nx\r\n>3\r\n$8\r\nsmessage\r\n$1\r\nc\r\n$1\r\nx\r\n+OK\r\n",
    "*1\r\n>2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n*2\r\n:1\r\n>2\r\n$10\r\ninvalidate\r\n_\r\n:2\r\n",
    "%1\r\n>3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nx\r\n+k\r\n:1\r\n",
    // Those that stand for an element, and what only begins like a message.
    "*2\r\n>3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n:1\r\n",
    "*2\r\n>3\r\n$8\r\nmessages\r\n$1\r\nc\r\n:1\r\n:1\r\n", "*2\r\n>0\r\n:1\r\n", "*1\r\n>1\r\n$8\r\nmess\r\nge\r\n",
  ])
  func `pushes inside`(_ text: String) {
    let bytes = latin(text)
    let (whole, differences) = ReplyScanner().scanEveryWay(bytes + latin(":9\r\n"))
    #expect(differences.isEmpty)
    #expect(whole.progress == .complete && whole.position == bytes.count && whole.kind == bytes[0])
    for end in 0..<bytes.count {
      var scanner = ReplyScanner()
      #expect(scanner.outcome(bytes, 0, end).progress == .needMore)
    }
  }

  /// Attributes belong to the reply's length, but the kind is that of the reply behind them.
  @Test(arguments: [
    "|1\r\n+ttl\r\n:3600\r\n": "$2\r\nab\r\n", "|0\r\n": "+OK\r\n",
    "|1\r\n+k\r\n*2\r\n:1\r\n%1\r\n+a\r\n+b\r\n": "*1\r\n:1\r\n",
    "|1\r\n|1\r\n+a\r\n+b\r\n+c\r\n+d\r\n|1\r\n+e\r\n+f\r\n": ">1\r\n+x\r\n", "|1\r\n$1\r\na\r\n$-1\r\n": "_\r\n",
  ])
  func attributes(_ attributes: String, _ reply: String) {
    let bytes = latin(attributes + reply)
    let (whole, differences) = ReplyScanner().scanEveryWay(bytes + latin("+more\r\n"))
    #expect(differences.isEmpty)
    #expect(whole.progress == .complete && whole.position == bytes.count && whole.kind == latin(reply)[0])
    for end in 0...latin(attributes).count {
      var scanner = ReplyScanner()
      #expect(scanner.outcome(bytes, 0, end).kind == 0)
    }
  }

  @Test(
    arguments: [
      ("x", .unknownType(0x78)), ("\r\n", .unknownType(0x0D)), ("\0", .unknownType(0)),
      ("*1\r\nPONG", .unknownType(0x50)),
      ("$?\r\n", .streamed), ("*?\r\n", .streamed), ("~?\r\n", .streamed), ("%?\r\n", .streamed), (";4\r\n", .streamed),
      (".\r\n", .streamed),
      ("$\r\n", .invalidNumber), ("$-\r\n", .invalidNumber), ("$01\r\n", .invalidNumber), ("$00\r\n", .invalidNumber),
      ("$-0\r\n", .invalidNumber),
      ("$+1\r\n", .invalidNumber), ("$ 1\r\n", .invalidNumber), ("$1 \r\n", .invalidNumber), ("$1\n", .invalidNumber),
      ("$a\r\n", .invalidNumber),
      ("*1a\r\n", .invalidNumber), (":\r\n", .invalidNumber), (":+-1\r\n", .invalidNumber),
      (":1.5\r\n", .invalidNumber), (":-?\r\n", .invalidNumber),
      ("$9223372036854775808\r\n", .invalidNumber), ("*99999999999999999999\r\n", .invalidNumber),
      (":9223372036854775808\r\n", .invalidNumber),
      (":-9223372036854775809\r\n", .invalidNumber), ("*00000000000000000000000", .invalidNumber),
      ("$-2\r\n", .negativeLength), ("*-2\r\n", .negativeLength), ("%-1\r\n", .negativeLength),
      ("~-1\r\n", .negativeLength),
      (">-1\r\n", .negativeLength), ("|-1\r\n", .negativeLength), ("!-1\r\n", .negativeLength),
      ("=-1\r\n", .negativeLength),
      ("$4294967297\r\n", .bulkTooLong), ("!4294967297\r\n", .bulkTooLong), ("=4294967297\r\n", .bulkTooLong),
      ("$9223372036854775807\r\n", .bulkTooLong), ("*2147483648\r\n", .tooManyElements),
      ("%2147483648\r\n", .tooManyElements),
      ("|9223372036854775807\r\n", .tooManyElements), ("#x\r\n", .invalidBoolean), ("#\r\n", .invalidBoolean),
      ("#tt\r\n", .missingLineEnd),
      ("_x\r\n", .missingLineEnd), ("_\n", .missingLineEnd), ("_\rx", .missingLineEnd), ("#t\rx", .missingLineEnd),
      ("=3\r\ntxt\r\n", .verbatimTooShort), ("+OK\rx", .missingLineEnd), ("+OK\r\r\n", .missingLineEnd),
      ("-a\r-\n", .missingLineEnd),
      (":1\rx", .missingLineEnd), ("$1\rxa\r\n", .missingLineEnd), ("$2\r\nabc\r\n", .missingLineEnd),
      ("$2\r\nab\rx", .missingLineEnd),
      ("$0\r\nab", .missingLineEnd), ("*2\r\n$1\r\na\r\n$1\r\nbb\r\n", .missingLineEnd), (",\r\n", .invalidNumber),
      (",1,5\r\n", .invalidNumber),
      (",1\rx", .missingLineEnd), ("(\r\n", .invalidNumber), ("(0x1\r\n", .invalidNumber),
      ("*1\r\n(1 2\r\n", .invalidNumber),
    ] as [(String, ReplySyntaxError)])
  func malformed(_ text: String, _ error: ReplySyntaxError) {
    let (whole, differences) = ReplyScanner().scanEveryWay(latin(text))
    #expect(differences.isEmpty)
    #expect(whole.progress == .malformed && whole.error == error)
    #expect(!error.message.isEmpty)
  }

  /// Depth costs nothing, and elements are counted without overflow.
  @Test func depth() {
    let bytes = latin(String(repeating: "*1\r\n", count: 100_000) + ":1\r\n")
    var scanner = ReplyScanner()
    #expect(scanner.outcome(bytes, 0, bytes.count).progress == .complete)
    let wide = latin(String(repeating: "*2147483647\r\n", count: 10_000))
    scanner.reset()
    #expect(scanner.outcome(wide, 0, wide.count).progress == .needMore)
  }

  @Test func lineLimit() {
    let bytes = [UInt8](repeating: 0x2D, count: RESPLimits.replyLine + 1)
    for end in [latin("\r\n"), latin("--")] {
      var scanner = ReplyScanner()
      #expect(scanner.outcome(bytes, 0, bytes.count).progress == .needMore)
      let outcome = scanner.outcome(bytes + end, scanner.position, bytes.count + 2)
      #expect(outcome.progress == (end == latin("\r\n") ? .complete : .malformed))
      #expect(outcome.error == (end == latin("\r\n") ? nil : .lineTooLong))
    }
  }

  @Test func bulkLimit() {
    for (text, progress) in [("$8\r\n", ScanProgress.needMore), ("$9\r\n123456789\r\n", .malformed)] {
      #expect(ReplyScanner(maxBulkLength: 8).scanEveryWay(latin(text)).whole.progress == progress)
    }
    #expect(
      ReplyScanner(maxBulkLength: .max).scanEveryWay(latin("$9223372036854775805\r\nab")).whole.progress == .needMore)
  }

  @Test func payloadPiecewise() {
    var scanner = ReplyScanner()
    #expect(latin("$3000000\r\n").withUnsafeBytes { scanner.scan($0) } == .needMore)
    let piece = [UInt8](repeating: 0x0D, count: 1000)
    for count in 1...3000 {
      #expect(piece.withUnsafeBytes { scanner.scan($0, dropped: scanner.position) } == .needMore)
      #expect(scanner.pendingBulk == 3_000_002 - count * 1000)
    }
    #expect(latin("\r\n").withUnsafeBytes { scanner.scan($0, dropped: scanner.position) } == .complete)
    #expect(scanner.position == 3_000_012)
  }
}
