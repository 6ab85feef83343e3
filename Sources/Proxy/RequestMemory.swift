/// Remembers requests, or parts of them, for a while: what had a big reply is asked for again, often by many clients at
/// once, and so is a script that a replica lacks.
///
/// A fixed table of hashes. A collision or a forgotten entry costs a connection or a detour, never correctness.
struct RequestMemory {
  private var hashes: InlineArray<64, UInt64> = .init(repeating: 0)
  /// When each is forgotten.
  private var ends: InlineArray<64, Double> = .init(repeating: 0)
  /// When the last of them is.
  private var end = 0.0

  /// Seconds for which something is remembered.
  static let lifetime = 10.0
  /// Longer requests are judged by their first bytes.
  private static let judged = 256

  /// Whether anything is remembered: the one question that the data path asks while nothing is.
  @inline(__always) var isActive: Bool { end > 0 }

  mutating func remember(_ request: UnsafeRawBufferPointer, now: Double) {
    end = now + Self.lifetime
    let hash = Self.hash(request)
    hashes[Int(hash >> 58)] = hash
    ends[Int(hash >> 58)] = end
  }

  /// Whether a request like this one was remembered lately.
  mutating func remembers(_ request: UnsafeRawBufferPointer, now: Double) -> Bool {
    if isActive, now > end { self = RequestMemory() }
    guard isActive else { return false }
    let hash = Self.hash(request)
    let place = Int(hash >> 58)
    return hashes[place] == hash && now <= ends[place]
  }

  /// Never 0, which marks an empty place.
  private static func hash(_ request: UnsafeRawBufferPointer) -> UInt64 {
    var hash = UInt64(truncatingIfNeeded: request.count) &* 0x9E37_79B9_7F4A_7C15
    for byte in request.prefix(judged) { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    // The multiplications reach the top bits, which choose the place, last.
    hash ^= hash >> 29
    return (hash &* 0xBF58_476D_1CE4_E5B9) | 1
  }
}
