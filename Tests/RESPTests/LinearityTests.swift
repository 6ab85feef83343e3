import RESP
import Testing

/// Work is counted, not timed: what lies below `position` is withheld, so a scanner cannot look at it twice, and the
/// bytes it is given in all must stay near the bytes there are.
@Suite struct LinearityTests {
  /// Bytes offered while scanning `bytes` in pieces of `piece`; nil if it does not end complete.
  private func offered(_ scanner: some Scanner, _ bytes: [UInt8], piece: Int) -> Int {
    var scanner = scanner
    var offered = 0
    bytes.withUnsafeBytes { whole in
      for end in stride(from: piece, to: bytes.count + piece, by: piece) {
        let dropped = scanner.position
        let rest = UnsafeRawBufferPointer(rebasing: whole[dropped..<min(end, bytes.count)])
        offered += rest.count
        _ = scanner.outcome(rest, dropped: dropped)
      }
    }
    #expect(scanner.position == bytes.count)
    return offered
  }

  @Test(arguments: [1, 3, 7, 100]) func request(piece: Int) {
    let bytes = latin("*100000\r\n" + String(repeating: "$3\r\nabc\r\n", count: 100_000))
    #expect(offered(RequestScanner(), bytes, piece: piece) <= bytes.count + (bytes.count / piece + 1) * 9)
  }

  @Test(arguments: [1, 3, 7, 100]) func reply(piece: Int) {
    let bytes = latin("*100000\r\n" + String(repeating: "*1\r\n$3\r\nabc\r\n", count: 100_000))
    #expect(offered(ReplyScanner(), bytes, piece: piece) <= bytes.count + (bytes.count / piece + 1) * 9)
  }

  @Test func longReplyLine() {
    let bytes = latin("-ERR " + String(repeating: "x", count: 1_000_000) + "\r\n")
    #expect(offered(ReplyScanner(), bytes, piece: 10) <= bytes.count + bytes.count / 10 + 10)
  }

  /// Lines of a request stay in the buffer until they are whole, but what was searched is not searched again: a
  /// terminator planted there goes unnoticed.
  @Test func longRequestLine() {
    var bytes = latin("*" + String(repeating: "1", count: 1000))
    var scanner = RequestScanner()
    #expect(scanner.outcome(bytes, 0, bytes.count).progress == .needMore)
    bytes[500] = 0x0D
    #expect(scanner.outcome(bytes + latin("1"), 0, bytes.count + 1).progress == .needMore)
    var inline = [UInt8](repeating: 0x41, count: 1000)
    scanner.reset()
    #expect(scanner.outcome(inline, 0, inline.count).progress == .needMore)
    inline[500] = 0x0A
    #expect(scanner.outcome(inline + latin("A"), 0, inline.count + 1).progress == .needMore)
  }
}
