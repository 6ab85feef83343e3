import RESP
import Testing

@testable import Admin

struct DocumentTests {
  private static let whole: Document = [
    "text": "a \"quoted\" \\ line\n\u{1}", "none": .null, "yes": .boolean(true), "count": 3, "share": .number(0.25),
    "list": .list([1, "x"]), "empty": .map([]),
  ]

  @Test func json() {
    #expect(
      Self.whole.json
        == #"{"text":"a \"quoted\" \\ line\n\u0001","none":null,"yes":true,"count":3,"share":0.25,"list":[1,"x"],"empty":{}}"#
    )
  }

  @Test(arguments: [
    (0.0, "0"), (1.0, "1"), (-0.5, "-0.5"), (0.000_001, "0.000001"), (0.000_000_1, "0"), (1234.5, "1234.5"),
    (12.345_678_9, "12.345679"), (1e15, "1000000000000000.0"),
  ])
  func numbers(number: Double, text: String) { #expect(Document.number(number).json == text) }

  @Test func whatIsNoNumberIsNull() {
    #expect(Document.number(.nan).json == "null" && Document.number(.infinity).json == "null")
  }

  @Test func resp() {
    func bytes(_ version: RESPVersion) -> String {
      var out: [UInt8] = []
      Document.map([.init("a", .boolean(true)), .init("b", .list([.number(0.5), .null, 7]))]).append(to: &out, version)
      return String(decoding: out, as: UTF8.self)
    }
    #expect(bytes(.two) == "*4\r\n$1\r\na\r\n:1\r\n$1\r\nb\r\n*3\r\n$3\r\n0.5\r\n$-1\r\n:7\r\n")
    #expect(bytes(.three) == "%2\r\n$1\r\na\r\n#t\r\n$1\r\nb\r\n*3\r\n,0.5\r\n_\r\n:7\r\n")
  }
}
