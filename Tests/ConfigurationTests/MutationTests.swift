import Testing

@testable import Configuration

/// Whatever is in the file, the answer is a configuration or errors: never a trap.
@Suite struct MutationTests {
  @Test(arguments: 0..<8) func mutatedSamples(_ seed: UInt64) {
    var dice = SplitMix(state: seed)
    let pieces = Array(" \t\n:-,[]{}&*!|>'\"%@`#?~\\\u{0}".utf8) + [0xC3, 0xFF, 0xEF, 0x30, 0x61]
    var configuration = AmbassadorConfiguration(examplesOf: .static)
    configuration.listen.append(Listener(.unix(path: "/run/amb.sock"), reads: .primary, consistency: .eventual))
    let original = Array(ConfigurationReference.effective(configuration).utf8)
    for _ in 0..<1500 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...6, using: &dice) {
        let at = Int.random(in: 0..<max(1, bytes.count), using: &dice)
        switch Int.random(in: 0..<5, using: &dice) {
        case 0: bytes.insert(pieces.randomElement(using: &dice)!, at: at)
        case 1: if !bytes.isEmpty { bytes.remove(at: min(at, bytes.count - 1)) }
        case 2: bytes.removeSubrange(at...)
        case 3: if !bytes.isEmpty { bytes[min(at, bytes.count - 1)] = UInt8.random(in: 0...255, using: &dice) }
        default: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + 40)], at: 0)
        }
      }
      // An error that says nothing is as bad as none.
      if case .failure(let errors) = load(bytes: bytes) { #expect(!errors.description.isEmpty) }
    }
  }

  @Test func randomFlagsAndVariables() {
    var dice = SplitMix(state: 7)
    let pieces = [
      "1", "s", "MiB", ":", "[", "]", "::", "%", ".", "-", ",", "@", "unix:/", "\u{0}", "\u{e9}", "9999999999",
    ]
    for _ in 0..<2000 {
      let value = (0..<Int.random(in: 0...6, using: &dice)).map { _ in pieces.randomElement(using: &dice)! }.joined()
      let setting = Setting.all.randomElement(using: &dice)!
      _ = load(environment: [setting.environmentName: value], flags: [(setting.flagName, value)])
    }
  }
}

/// The same dice on every machine.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
