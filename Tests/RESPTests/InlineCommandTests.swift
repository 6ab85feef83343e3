import RESP
import Testing

/// Lines whose arguments are known from redis-server 7.0.15; the differential test sends them there again.
let inlineLines: [(line: String, arguments: [String])] = [
  ("PING\r\n", ["PING"]), ("PING\n", ["PING"]), ("PING", ["PING"]), ("\r\n", []), ("\n", []), ("", []),
  (" \t\u{B}\u{C}\n", []),
  ("ECHO  a\n", ["ECHO", "a"]), ("PING\r\r\n", ["PING"]), ("ECHO\rX\r\n", ["ECHO", "X"]),
  ("ECHO \"a\\x41\\xfF\\n\\r\\t\\b\\a\\q\\\\\\\"\"\n", ["ECHO", "aA\u{FF}\n\r\t\u{8}\u{7}q\\\""]),
  ("ECHO \"\\x4\"\n", ["ECHO", "x4"]), ("ECHO \"\\xg1\"\n", ["ECHO", "xg1"]),
  ("ECHO 'a\\'b\\n\\x41'\r\n", ["ECHO", "a'b\\n\\x41"]),
  ("ECHO a\"b c\"\n", ["ECHO", "ab c"]), ("ECHO a'b c'\n", ["ECHO", "ab c"]), ("ECHO \"\"\n", ["ECHO", ""]),
  ("ECHO ''\n", ["ECHO", ""]),
  ("ECHO \"a\"\u{B}\n", ["ECHO", "a"]), ("ECHO a\u{B}b\u{C}\n", ["ECHO", "a\u{B}b\u{C}"]),
  ("\u{B}ECHO \u{C}a\n", ["ECHO", "a"]),
  ("ECHO \\x41\\n\n", ["ECHO", "\\x41\\n"]), ("ECHO \"'\"\n", ["ECHO", "'"]), ("ECHO '\"'\n", ["ECHO", "\""]),
  ("\"ECHO\" \u{A0}\u{FF}\n", ["ECHO", "\u{A0}\u{FF}"]), ("ECHO a'\\\\'' \n", ["ECHO", "a\\'"]),
]

let unbalancedLines = [
  "ECHO \"a\n", "ECHO 'a\n", "ECHO \"a\"b\n", "ECHO 'a'b\n", "ECHO \"a\"\"b\"\n", "\"\n", "'\n", "ECHO \"a\\\"\n",
  "ECHO \"\\\n",
  "ECHO 'a\\'\n", "ECHO a\"\r\n", "ECHO \"\\x4\n", "ECHO a'\\\\'\n",
]

@Suite struct InlineCommandTests {
  @Test(arguments: inlineLines.indices)
  func splits(_ index: Int) throws {
    let (line, arguments) = inlineLines[index]
    #expect(try latin(line).withUnsafeBytes { try InlineCommand.arguments(of: $0) } == arguments.map(latin))
  }

  @Test(arguments: unbalancedLines)
  func refuses(_ line: String) {
    #expect(throws: RequestSyntaxError.unbalancedQuotes) {
      try latin(line).withUnsafeBytes { try InlineCommand.arguments(of: $0) }
    }
    #expect(RequestSyntaxError.unbalancedQuotes.message == "Protocol error: unbalanced quotes in request")
  }

  @Test func nulEndsTheLine() throws {
    #expect(try latin("a b\0c\n").withUnsafeBytes { try InlineCommand.arguments(of: $0) } == [latin("a"), latin("b")])
  }

  /// What is encoded again is what the scanner and the argument walk find.
  @Test func reencodes() throws {
    let arguments = try latin("SET \"a b\" ''\r\n").withUnsafeBytes { try InlineCommand.arguments(of: $0) }
    var bytes: [UInt8] = []
    RequestWriter.append(arguments, to: &bytes)
    #expect(bytes == latin("*3\r\n$3\r\nSET\r\n$3\r\na b\r\n$0\r\n\r\n"))
    RequestWriter.append([], to: &bytes)
    RequestWriter.append("SELECT", "3", to: &bytes)
    #expect(bytes.suffix(23) == latin("*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n")[...])
    #expect(bytes.count == 28 + 23)
  }
}
