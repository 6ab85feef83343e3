import TestSupport
import Testing

/// Requests in every shape that TCP can give them, and requests that are none.
struct FramingTests {
  private static let stream = Array(
    "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\n\r\n$1\r\nPING\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n*2\r\n$4\r\nECHO\r\n$0\r\n\r\n"
      .utf8)
  /// There from the start on every node: whether a read sees a write that TCP cut from it is not asked here.
  private static let seed = [["SET", "k", "\r\n$1"]]
  private static let replies: [RESPValue] = [.simple("OK"), .simple("PONG"), .bulk("\r\n$1"), .bulk("")]

  @Test func `requests may be split in two at every byte`() throws {
    try withLab { lab in
      try lab.redis.seed(Self.seed)
      let client = try lab.connect()
      for split in 1..<Self.stream.count {
        try client.send(Array(Self.stream[..<split]))
        pause(.milliseconds(1))
        try client.send(Array(Self.stream[split...]))
        try expectEqual(try client.replies(Self.replies.count), Self.replies, "split at \(split)")
      }
    }
  }

  @Test func `requests may come one byte at a time`() throws {
    try withLab { lab in
      try lab.redis.seed(Self.seed)
      let client = try lab.connect()
      for byte in Self.stream {
        try client.send([byte])
        pause(.milliseconds(1))
      }
      try expectEqual(try client.replies(Self.replies.count), Self.replies)
    }
  }

  @Test func `many requests may come in pieces of any size`() throws {
    try withLab { lab in
      try lab.redis.seed(Self.seed)
      let stream = Array(repeating: Self.stream, count: 50).flatMap { $0 }
      for size in [2, 3, 7, 64, 1000] {
        let client = try lab.connect()
        for start in stride(from: 0, to: stream.count, by: size) {
          try client.send(Array(stream[start..<min(start + size, stream.count)]))
        }
        for round in 0..<50 {
          try expectEqual(try client.replies(Self.replies.count), Self.replies, "size \(size), round \(round)")
        }
      }
    }
  }

  /// What is sent, whatever the server then says, is closed.
  private static let fatal: [String] = [
    "*1\r\n$abc\r\n", "*1\r\n$-1\r\n", "*1\r\n$-5\r\n", "*1\r\n$536870913\r\n", "*1\r\n$99999999999999999999\r\n",
    "*1\r\n$\r\n", "*1\r\n$ 4\r\nPING\r\n", "*1\r\n$+4\r\nPING\r\n", "*1\r\n$04\r\nPING\r\n", "*1\r\n$4 \r\nPING\r\n",
    "*abc\r\n", "*\r\n", "* 1\r\n", "*+1\r\n", "*01\r\n", "*1 \r\n", "*-\r\n", "*2147483648\r\n",
    "*99999999999999999999\r\n",
    "*1\n$4\r\nPING\r\n", "*1\r\nfoo\r\n", "*1\r\n\r\n", "*1\r\n:1\r\n", "*2\r\n$4\r\nPING\r\n*1\r\n",
    "*1\r\n\u{1}\r\n",
    "SET \"a b\r\n", "SET 'a b\r\n", "SET \"a\"b\r\n", "GET 'a'b\r\n", "GET \"\\x4\r\n",
    "POST / HTTP/1.1\r\n\r\n", "Host: localhost\r\n\r\n", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "PING\r\n*1\r\n$abc\r\n", "*1\r\n$4\r\nPING\r\n*1\r\n$abc\r\n*1\r\n$4\r\nPING\r\n",
    String(repeating: "a", count: 70_000), "*" + String(repeating: "1", count: 70_000),
    "*1\r\n$" + String(repeating: "1", count: 70_000), "PING\r\n" + String(repeating: " ", count: 70_000),
  ]

  @Test func `what is no request gets the server's own bytes, and the connection is closed`() throws {
    try withLab { lab in
      for text in Self.fatal {
        let bare = try lab.primary.connect()
        try bare.send(text)
        let expected = try bare.bytesUntilClosed()
        let client = try lab.connect()
        do {
          try client.send(text)
          try expectEqual(try client.bytesUntilClosed().printable, expected.printable)
        } catch { throw Failure("\(Array(text.utf8).printable): \(error)") }
      }
      try expectEqual(try lab.connect().call("PING"), .simple("PONG"))
    }
  }

  /// What a server takes although it looks odd.
  private static let odd: [String] = [
    "\r\n", "\n", "\r\n\r\n\n", "*0\r\n", "*-1\r\n", "*-10\r\n", "*0\r\n\r\n*-1\r\n", "   \r\n", "PING\n", "ping\r\n",
    "*1\r\n$4\r\nPINGxx", "*2\r\n$4\r\nECHO\r\n$2\r\n\r\n\r\n", "*1\r\n$0\r\n\r\n", "\"\"\r\n", "ECHO \"\"\r\n",
    "ECHO \"\\x00\\xff\\r\\n\\t\\a\\b\\q\"\r\n", "ECHO 'a\\'b\\n'\r\n", "ECHO\ta\r\n",
    "*1\r\n$3\r\nGET\r\n", "*2\r\n$3\r\nGET\r\n$0\r\n\r\n", "*3\r\n$3\r\nGET\r\n$1\r\na\r\n$1\r\nb\r\n",
    "*1\r\n$7\r\nNOSUCH \r\n", "NOSUCH a b c\r\n", "NOSUCH\r\n", "*2\r\n$6\r\nNO\r\nCH\r\n$3\r\n\r\n!\r\n",
    "CLIENT NOSUCH\r\n",
    "CONFIG\r\n", "*1\r\n$200\r\n\(String(repeating: "N", count: 200))\r\n",
    "*2\r\n$3\r\nFOO\r\n$300\r\n\(String(repeating: "n", count: 300))\r\n",
  ]

  @Test func `what is odd but allowed gets the server's own bytes, and the connection goes on`() throws {
    try withLab { lab in
      for text in Self.odd {
        let sentinel = Request.bytes(["ECHO", "sentinel"])
        let bare = try lab.primary.connect()
        let client = try lab.connect()
        for connection in [bare, client] { try connection.send(Array(text.utf8) + sentinel) }
        do {
          var expected: [UInt8] = []
          var got: [UInt8] = []
          var last: RESPValue
          repeat {
            let reply = try bare.reply()
            last = reply.value
            expected += reply.bytes
            got += try client.reply().bytes
          } while last != .bulk("sentinel")
          try expectEqual(got.printable, expected.printable)
        } catch { throw Failure("\(Array(text.utf8).printable): \(error)") }
      }
    }
  }

  @Test func `one client's nonsense is nobody else's trouble`() throws {
    try withLab { lab in
      try lab.redis.seed([["SET", "key", "value"]])
      let neighbours = Crew(4) { index, shift in
        let client = try lab.connect()
        while !shift.isOver {
          try expectSame(
            try client.pipeline([["GET", "key"], ["ECHO", "\(index)"]]), [.bulk("value"), .bulk("\(index)")],
            [["GET"], ["ECHO"]])
        }
      }
      for _ in 0..<3 {
        for text in Self.fatal {
          let client = try lab.connect()
          try client.send("GET key\r\nINCR counter\r\n")
          try? client.send(text)
          _ = try client.bytesUntilClosed()
        }
      }
      try neighbours.stop()
    }
  }
}
