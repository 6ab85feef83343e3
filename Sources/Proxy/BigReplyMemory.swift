/// Which requests lately had big replies, so that the next one like it gets an upstream of its own from the start: a value
/// that is large is asked for again, often by many clients at once.
///
/// A fixed table of hashes. A collision or a forgotten entry costs a connection or a detour, never correctness.
struct BigReplyMemory {
  private var hashes: InlineArray<64, UInt64> = .init(repeating: 0)
  /// When everything is forgotten, unless something big comes before.
  private var end = 0.0

  /// Seconds for which a big reply is remembered.
  static let lifetime = 10.0
  /// Longer requests are judged by their first bytes.
  private static let judged = 256

  /// Whether anything is remembered: the one question that the data path asks while nothing is big.
  @inline(__always) var isActive: Bool { end > 0 }

  mutating func remember(_ request: UnsafeRawBufferPointer, now: Double) {
    forgetIfOver(now)
    end = now + Self.lifetime
    let hash = Self.hash(request)
    hashes[Int(hash >> 58)] = hash
  }

  /// Whether a request like this one had a big reply.
  mutating func remembers(_ request: UnsafeRawBufferPointer, now: Double) -> Bool {
    forgetIfOver(now)
    guard isActive else { return false }
    let hash = Self.hash(request)
    return hashes[Int(hash >> 58)] == hash
  }

  private mutating func forgetIfOver(_ now: Double) {
    guard isActive, now > end else { return }
    self = BigReplyMemory()
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
