/// A seeded generator, so that a failing case can be run again.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func chance(_ n: Int) -> Bool { Int.random(in: 0..<n, using: &self) == 0 }

  mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) } }

  /// Flips, deletes, inserts or repeats a few bytes, with a liking for those that mean something.
  mutating func mutate(_ bytes: inout [UInt8]) {
    let meaningful = latin("*$\r\n-+0123456789 \"'\\x\0?:|%~><!=,(_#;.tf")
    for _ in 0..<Int.random(in: 1...3, using: &self) {
      let index = Int.random(in: 0...bytes.count, using: &self)
      let byte = chance(3) ? UInt8.random(in: 0...255, using: &self) : meaningful.randomElement(using: &self) ?? 0
      switch Int.random(in: 0..<4, using: &self) {
      case 0: bytes.insert(byte, at: index)
      case 1 where index < bytes.count: bytes.remove(at: index)
      case 2 where index < bytes.count: bytes.insert(contentsOf: bytes[index..<min(index + 5, bytes.count)], at: index)
      default: if index < bytes.count { bytes[index] = byte }
      }
    }
  }
}
