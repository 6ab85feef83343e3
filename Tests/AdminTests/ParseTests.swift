import RESP
import Testing

@testable import Admin

struct ParseTests {
  @Test func whatIsWrittenIsRead() {
    let document: Document = [
      "a": .list([1, .number(0.5), .boolean(true), .null, "x\r\ny"]), "b": .map([]), "": .list([]),
    ]
    var bytes: [UInt8] = []
    document.append(to: &bytes, .three)
    #expect(Document.parse(bytes[...]) == .success(document))
  }

  @Test(arguments: [
    ("-ERR no\r\n", "failure"), ("+OK\r\n", "\"OK\""), ("=7\r\ntxt:abc\r\n", "\"abc\""), ("$-1\r\n", "null"),
    ("*2\r\n-ERR x\r\n:1\r\n", "[\"ERR x\",1]"),
  ])
  func replies(bytes: String, json: String) {
    switch Document.parse(ArraySlice(bytes.utf8)) {
    case .success(let document): #expect(document.json == json)
    case .failure: #expect(json == "failure")
    case nil: Issue.record("not read: \(bytes)")
    }
  }

  @Test func nothingTrapsOnWhatIsNoReply() {
    let whole = Array("%1\r\n$1\r\na\r\n*2\r\n$3\r\nabc\r\n,1.5\r\n".utf8)
    for end in 0..<whole.count { #expect(Document.parse(whole[..<end]) == nil) }
    for text in [
      "$99\r\nabc\r\n", "$9223372036854775807\r\n", "*-5\r\n", "%-1\r\n", "*9999999999999\r\n:1\r\n", "=2\r\nab\r\n",
      ":x\r\n",
      String(repeating: "*1\r\n", count: 1000) + ":1\r\n",
    ] { _ = Document.parse(ArraySlice(text.utf8)) }
  }

  @Test(arguments: [
    ("*", "anything", true), ("reads.*", "reads.policy", true), ("reads.*", "upstream.reads.x", false),
    ("*.policy", "reads.POLICY", true), ("a?c", "abc", true), ("a?c", "ac", false), ("", "", true), ("", "a", false),
    ("*a*b*", "xxaxxbxx", true), ("*a*b", "xaxbx", false), ("**", "", true),
  ])
  func patterns(pattern: String, text: String, matches: Bool) { #expect(Glob.matches(pattern, text) == matches) }
}
