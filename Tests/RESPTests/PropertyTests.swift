import RESP
import Testing

/// Random input from fixed seeds: boundaries of valid streams, and no surprise on invalid ones.
@Suite struct PropertyTests {
  @Test(arguments: 1...20) func requestBoundaries(seed: Int) {
    var generator = SplitMix64(seed: UInt64(seed))
    for _ in 0..<50 {
      let arguments = (0..<Int.random(in: 1...12, using: &generator)).map { _ in
        generator.bytes(.random(in: 0...(generator.chance(10) ? 300 : 20), using: &generator))
      }
      var bytes: [UInt8] = []
      RequestWriter.append(arguments, to: &bytes)
      let length = bytes.count
      bytes += generator.bytes(3)
      let (whole, differences) = RequestScanner().scanEveryWay(bytes)
      #expect(differences.isEmpty)
      #expect(whole.progress == .complete && whole.position == length)
      let found = bytes[..<length].withUnsafeBytes { Array(RequestArguments($0)) }.map(bytes.at)
      #expect(found == arguments)
      #expect(bytes.at(whole.name) == arguments[0])
      #expect(bytes.at(whole.second) == (arguments.count > 1 ? arguments[1] : []))
    }
  }

  @Test(arguments: 1...20) func replyBoundaries(seed: Int) {
    var random = RandomReply(generator: SplitMix64(seed: UInt64(seed)))
    for _ in 0..<50 {
      let bytes = random.make()
      let cuts = (0...20).map { _ in Int.random(in: 0...bytes.count, using: &random.generator) }
      let (whole, differences) = ReplyScanner().scanEveryWay(bytes + random.generator.bytes(3), cutting: cuts)
      #expect(differences.isEmpty)
      #expect(whole.progress == .complete && whole.position == bytes.count)
    }
  }

  @Test(arguments: 1...20) func mutatedRequests(seed: Int) {
    var generator = SplitMix64(seed: UInt64(seed))
    for _ in 0..<100 {
      var bytes: [UInt8] = []
      RequestWriter.append((0..<3).map { _ in generator.bytes(.random(in: 0...12, using: &generator)) }, to: &bytes)
      generator.mutate(&bytes)
      let (whole, differences) = RequestScanner().scanEveryWay(bytes)
      #expect(differences.isEmpty, "\(bytes)")
      #expect(whole.position <= bytes.count)
      #expect((whole.error != nil) == (whole.progress == .malformed))
      for span in [whole.name, whole.second] {
        #expect(span.offset >= 0 && span.length >= 0 && span.end <= whole.position)
      }
      bytes.withUnsafeBytes { buffer in
        _ = try? InlineCommand.arguments(of: buffer)
        for span in RequestArguments(buffer) { #expect(span.end <= buffer.count && span.length >= 0) }
      }
    }
  }

  @Test(arguments: 1...20) func mutatedReplies(seed: Int) {
    var random = RandomReply(generator: SplitMix64(seed: UInt64(seed)))
    for _ in 0..<100 {
      var bytes = random.make(depth: 2)
      random.generator.mutate(&bytes)
      let cuts = (0...20).map { _ in Int.random(in: 0...bytes.count, using: &random.generator) }
      let (whole, differences) = ReplyScanner().scanEveryWay(bytes, cutting: cuts)
      #expect(differences.isEmpty, "\(bytes)")
      #expect(whole.position <= bytes.count && whole.progress != .inline)
      #expect((whole.error != nil) == (whole.progress == .malformed))
      _ = bytes.withUnsafeBytes { ReplyError(reply: $0) }
    }
  }
}
