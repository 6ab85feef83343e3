import TestSupport
import Testing

@testable import Consistency

@Suite("Hashes of keys")
struct KeyHashTests {
  private func hash(_ bytes: [UInt8]) -> UInt64 { bytes.withUnsafeBytes { KeyHash.hash($0) } }

  private static let bits: UInt64 = 20

  private func slot(_ bytes: [UInt8]) -> Int { Int(hash(bytes) >> (64 - Self.bits)) }

  @Test("A hash depends on nothing but the bytes: not on where they lie", arguments: 0...40)
  func unaligned(length: Int) {
    var dice = SeededGenerator(seed: UInt64(length))
    let key = (0..<length).map { _ in UInt8.random(in: 0...255, using: &dice) }
    let expected = hash(key)
    for shift in 0..<16 {
      let padded = Array(repeating: UInt8(shift), count: shift) + key + [0xFF]
      padded.withUnsafeBytes { bytes in
        #expect(KeyHash.hash(UnsafeRawBufferPointer(rebasing: bytes[shift..<shift + length])) == expected)
      }
    }
  }

  @Test("Every bit of every byte counts, and so does the length", arguments: 0...40)
  func everyBit(length: Int) {
    var dice = SeededGenerator(seed: UInt64(length))
    var key = (0..<length).map { _ in UInt8.random(in: 0...255, using: &dice) }
    var seen: Set = [hash(key), hash(key + [0])]
    #expect(seen.count == 2)
    for index in key.indices {
      for bit in 0..<8 as Range<UInt8> {
        key[index] ^= 1 << bit
        #expect(seen.insert(hash(key)).inserted, "byte \(index), bit \(bit)")
        key[index] ^= 1 << bit
      }
    }
  }

  @Test("An empty buffer without an address is the empty key")
  func empty() {
    #expect(KeyHash.hash(UnsafeRawBufferPointer(start: nil, count: 0)) == hash([]))
  }

  @Test("Zeros of every length differ")
  func zeros() {
    #expect(Set((0...40).map { hash(Array(repeating: 0, count: $0)) }).count == 41)
  }

  private static let families: [(name: String, key: @Sendable (UInt32) -> [UInt8])] = [
    ("user:1", { Array("user:\($0)".utf8) }),
    ("{tenant}:session:1:data", { Array("{tenant}:session:\($0):data".utf8) }),
    ("1", { Array("\($0)".utf8) }),
    ("four bytes, little end first", { number in withUnsafeBytes(of: number.littleEndian, Array.init) }),
    (
      "four bytes at the end of a long key",
      { number in Array(repeating: 7, count: 28) + withUnsafeBytes(of: number.bigEndian, Array.init) }
    ),
    (
      "four bytes at the start of a long key",
      { number in withUnsafeBytes(of: number.bigEndian, Array.init) + Array(repeating: 7, count: 28) }
    ),
  ]

  /// 100 000 keys thrown at random into 1 048 576 slots leave 90.9 % of these empty and put five or so into the fullest.
  @Test("Typical keys spread over the slots as if by chance", arguments: families.indices)
  func spreads(family: Int) {
    var counts = Array(repeating: 0, count: 1 << Int(Self.bits))
    for number in 1...100_000 as ClosedRange<UInt32> { counts[slot(Self.families[family].key(number))] += 1 }
    var empty = 0
    var fullest = 0
    for count in counts {
      if count == 0 { empty += 1 }
      if count > fullest { fullest = count }
    }
    let share = Double(empty) / Double(counts.count)
    #expect((0.908...0.910).contains(share), "\(Self.families[family].name)")
    #expect(fullest <= 8, "\(Self.families[family].name)")
  }
}
