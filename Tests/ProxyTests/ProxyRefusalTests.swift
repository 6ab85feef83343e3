import RESP
import Testing
import Topology

@testable import Proxy

@Suite("What clients are told when there is no reply")
struct ProxyRefusalTests {
  static let reasons = ["connection refused", "", "a\r\nb", "\r", "\n", "+OK\r\n+OK\r\n", "\0", "é", "a\u{2028}b"]

  static let refusals: [(code: String, refusal: ProxyRefusal)] = reasons.flatMap { why in
    [NodeAddress(host: "10.0.0.1", port: 6379), NodeAddress(host: "::1", port: 1), NodeAddress(host: why, port: 0)]
      .flatMap { node in
        [
          ("AMBDOWN", ProxyRefusal.noPrimary(why)), ("AMBDOWN", .noReplica), ("AMBDOWN", .notExecuted(node, why)),
          ("AMBUNKNOWN", .unknownFate(node, why)), ("AMBDOWN", .readLost(node, why)), ("AMBBUSY", .noUpstreamLeft(7)),
          ("AMBDOWN", .transactionLost(why)),
          ("AMBUNSUPPORTED", .needsOwnUpstream(why, why)), ("AMBUNSUPPORTED", .notSupported(why)),
        ]
      }
  }

  @Test("Each is one error of one line, that begins with its code")
  func shape() {
    for (code, refusal) in Self.refusals {
      let bytes = refusal.bytes
      #expect(bytes.starts(with: "-\(code) ".utf8), "\(refusal)")
      #expect(bytes.suffix(2) == [13, 10])
      #expect(!bytes.dropLast(2).contains { $0 == 13 || $0 == 10 }, "\(refusal)")
      // As a client reads it: one whole reply.
      var scanner = ReplyScanner()
      let progress = bytes.withUnsafeBytes { scanner.scan($0) }
      #expect(progress == .complete && scanner.position == bytes.count)
    }
  }

  /// What happened to the command is what a program has to know.
  @Test("Each says what became of the command")
  func fate() {
    let node = NodeAddress(host: "10.0.0.1", port: 6379)
    func text(_ refusal: ProxyRefusal) -> String { String(decoding: refusal.bytes, as: UTF8.self) }
    let notExecuted: [ProxyRefusal] = [
      .noPrimary("gone"), .noReplica, .notExecuted(node, "gone"), .noUpstreamLeft(1000), .transactionLost("gone"),
      .needsOwnUpstream("MULTI", "it queues"),
      .notSupported("AUTH"),
    ]
    for refusal in notExecuted { #expect(text(refusal).contains("the command was not executed"), "\(refusal)") }
    #expect(
      text(.unknownFate(node, "gone"))
        == "-AMBUNKNOWN the command was sent to 10.0.0.1:6379 and its reply was lost (gone); "
        + "it may or may not have been executed\r\n")
    #expect(text(.readLost(node, "gone")) == "-AMBDOWN lost 10.0.0.1:6379: gone; nothing was changed, ask again\r\n")
  }

  @Test("No code is one of Redis's own, so that no library acts on it as on one")
  func codes() {
    for (_, refusal) in Self.refusals {
      #expect(refusal.bytes.withUnsafeBytes { ReplyError(reply: $0) } == .other)
    }
  }
}
