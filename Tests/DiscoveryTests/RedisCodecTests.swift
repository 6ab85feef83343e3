import TestSupport
import Testing

@testable import Discovery

@Suite("Commands and replies of discovery")
struct RedisCodecTests {
  private func feed(_ codec: RedisCodec, _ bytes: some Sequence<UInt8>) throws -> [RedisReply] {
    try Array(bytes).withUnsafeBytes { try codec.feed($0) }
  }

  @Test(
    "Commands on the wire",
    arguments: [
      (["PING"], "*1\r\n$4\r\nPING\r\n"), (["AUTH", "", "p w\r\n"], "*3\r\n$4\r\nAUTH\r\n$0\r\n\r\n$5\r\np w\r\n\r\n"),
      (["INFO", "replication"], "*2\r\n$4\r\nINFO\r\n$11\r\nreplication\r\n"),
      (["é", "%s %b %d"], "*2\r\n$2\r\né\r\n$8\r\n%s %b %d\r\n"),
    ])
  func format(command: [String], expected: String) {
    #expect(RedisCodec.format(command.map { Array($0.utf8) }) == Array(expected.utf8))
  }

  @Test("A password may hold any byte")
  func anyByte() {
    let secret = (0...255).map(UInt8.init)
    #expect(RedisCodec.format([secret]) == Array("*1\r\n$256\r\n".utf8) + secret + Array("\r\n".utf8))
  }

  static let replies: [(wire: String, reply: RedisReply)] = [
    ("+OK\r\n", .text("OK")), ("+\r\n", .text("")), ("$5\r\nhello\r\n", .text("hello")), ("$0\r\n\r\n", .text("")),
    ("$4\r\na\r\nb\r\n", .text("a\r\nb")), ("$-1\r\n", .null), ("*-1\r\n", .null), (":0\r\n", .integer(0)),
    (":-7\r\n", .integer(-7)), (":9223372036854775807\r\n", .integer(.max)), ("*0\r\n", .array([])),
    ("-LOADING Redis is loading the dataset in memory\r\n", .error("LOADING Redis is loading the dataset in memory")),
    (
      "*3\r\n$4\r\nslot\r\n:1\r\n*2\r\n$-1\r\n-ERR no\r\n",
      .array([.text("slot"), .integer(1), .array([.null, .error("ERR no")])])
    ),
    ("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", nested(.integer(1), 6)),
  ]

  private static func nested(_ reply: RedisReply, _ depth: Int) -> RedisReply {
    depth == 0 ? reply : .array([nested(reply, depth - 1)])
  }

  @Test("Replies whole, one byte at a time, and split in two at every byte", arguments: replies)
  func splits(wire: String, reply: RedisReply) throws {
    // Another one behind it, whole: what is left over must not be lost.
    let bytes = Array(wire.utf8) + Array("+next\r\n".utf8)
    for cut in 0...bytes.count {
      let codec = try #require(RedisCodec())
      let replies = try feed(codec, bytes[..<cut]) + feed(codec, bytes[cut...])
      #expect(replies == [reply, .text("next")], "cut at \(cut)")
    }
    let codec = try #require(RedisCodec())
    var replies: [RedisReply] = []
    for byte in bytes { replies += try feed(codec, [byte]) }
    #expect(replies == [reply, .text("next")])
  }

  @Test("A reply that is not whole is none")
  func incomplete() throws {
    for (wire, _) in Self.replies {
      for count in 0..<wire.utf8.count {
        let codec = try #require(RedisCodec())
        #expect(try feed(codec, wire.utf8.prefix(count)).isEmpty)
      }
    }
  }

  @Test("A long stream of random replies in random pieces", arguments: 1...10 as ClosedRange<UInt64>)
  func stream(seed: UInt64) throws {
    var dice = SeededGenerator(seed: seed)
    let expected = (0..<300).map { _ in Self.replies.randomElement(using: &dice) ?? Self.replies[0] }
    let bytes = expected.flatMap { Array($0.wire.utf8) }
    let codec = try #require(RedisCodec())
    var replies: [RedisReply] = []
    var start = 0
    while start < bytes.count {
      let end = min(bytes.count, start + Int.random(in: 1...90, using: &dice))
      replies += try feed(codec, bytes[start..<end])
      start = end
    }
    #expect(replies == expected.map(\.reply))
  }

  @Test(
    "What is not RESP2 throws, also behind a reply that was whole",
    arguments: [
      "HTTP/1.1 400 Bad Request\r\n", "\u{15}\u{3}\u{1}\u{0}\u{2}", "%1\r\n+a\r\n+b\r\n", "_\r\n", ">2\r\n", "$-2\r\n",
      "*-2\r\n", "*99999999999\r\n", ":seven\r\n", ":99999999999999999999\r\n", "$x\r\n", "\r\n",
      String(repeating: "*1\r\n", count: 9) + ":1\r\n",
    ])
  func malformed(wire: String) throws {
    for prefix in ["", "+OK\r\n"] {
      let codec = try #require(RedisCodec())
      #expect(throws: RedisCodec.Failure.self) { try feed(codec, (prefix + wire).utf8) }
    }
    let codec = try #require(RedisCodec())
    #expect(throws: RedisCodec.Failure.self) { for byte in wire.utf8 { _ = try feed(codec, [byte]) } }
  }

  @Test("Bytes that are no UTF-8 make a text, not a crash")
  func binary() throws {
    let codec = try #require(RedisCodec())
    let replies = try feed(codec, Array("$3\r\n".utf8) + [0xff, 0x00, 0x61] + Array("\r\n".utf8))
    #expect(replies == [.text("\u{fffd}\0a")])
  }
}
