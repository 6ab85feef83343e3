import RESP
import Testing

@Suite struct ReplyWriterTests {
  private func written(_ write: (inout [UInt8]) -> Void) -> String {
    var output: [UInt8] = []
    write(&output)
    return String(decoding: output, as: UTF8.self)
  }

  @Test func texts() {
    #expect(written { ReplyWriter.appendSimpleString("OK", to: &$0) } == "+OK\r\n")
    #expect(written { ReplyWriter.appendSimpleString("a\r\nb", to: &$0) } == "+a  b\r\n")
    #expect(written { ReplyWriter.appendSimpleString(latin("PONG"), to: &$0) } == "+PONG\r\n")
    #expect(written { ReplyWriter.appendError("ERR x\ny", to: &$0) } == "-ERR x y\r\n")
    #expect(written { ReplyWriter.appendError(latin("ERR"), to: &$0) } == "-ERR\r\n")
  }

  @Test func values() {
    #expect(written { ReplyWriter.appendInteger(.min, to: &$0) } == ":-9223372036854775808\r\n")
    #expect(written { ReplyWriter.appendBulk("é", to: &$0) } == "$2\r\né\r\n")
    #expect(written { ReplyWriter.appendBulk([], to: &$0) } == "$0\r\n\r\n")
  }

  @Test func versions() {
    #expect(written { ReplyWriter.appendNull(.two, to: &$0) } == "$-1\r\n")
    #expect(written { ReplyWriter.appendNull(.three, to: &$0) } == "_\r\n")
    #expect(written { ReplyWriter.appendNullArray(.two, to: &$0) } == "*-1\r\n")
    #expect(written { ReplyWriter.appendNullArray(.three, to: &$0) } == "_\r\n")
    #expect(written { ReplyWriter.appendArrayHeader(count: 3, to: &$0) } == "*3\r\n")
    #expect(written { ReplyWriter.appendMapHeader(count: 3, .two, to: &$0) } == "*6\r\n")
    #expect(written { ReplyWriter.appendMapHeader(count: 3, .three, to: &$0) } == "%3\r\n")
    #expect(written { ReplyWriter.appendPushHeader(count: 3, .two, to: &$0) } == "*3\r\n")
    #expect(written { ReplyWriter.appendPushHeader(count: 3, .three, to: &$0) } == ">3\r\n")
  }
}
