/// How long things took, in buckets a quarter of an octave wide: what is read from it is right to within a fifth.
///
/// Fixed in size and trivial, so that recording costs an index and two additions. Times are in seconds; what is shorter
/// than a microsecond counts as one, what is longer than two minutes as that.
public struct LatencyHistogram: Sendable {
  /// From 0 to 3 µs one each, then four for each doubling, up to 2^27 µs.
  public static let bucketCount = 104

  private var counts: InlineArray<104, UInt64> = .init(repeating: 0)
  public private(set) var count: UInt64 = 0
  /// The sum of everything recorded, in seconds.
  public private(set) var sum = 0.0

  public init() {}

  public subscript(bucket: Int) -> UInt64 { counts[bucket] }

  public mutating func record(_ seconds: Double) {
    // Also for what is no number: a comparison with it is false.
    let time = seconds > 0 ? min(seconds, 120) : 0
    counts[Self.bucket(microseconds: UInt64(time * 1_000_000))] += 1
    count += 1
    sum += time
  }

  /// Which bucket a time falls in.
  static func bucket(microseconds time: UInt64) -> Int {
    guard time >= 4 else { return Int(time) }
    let octave = 63 - time.leadingZeroBitCount
    let quarter = Int((time >> UInt64(octave - 2)) & 3)
    return min(bucketCount - 1, (octave - 1) * 4 + quarter)
  }

  /// Where a bucket ends, in seconds: what is in it took less.
  public static func end(ofBucket index: Int) -> Double {
    if index < 4 { return Double(index + 1) / 1_000_000 }
    let (octave, quarter) = (index / 4 + 1, index % 4)
    return Double((5 + UInt64(quarter)) << UInt64(octave - 2)) / 1_000_000
  }

  /// The time that this share of everything recorded stayed under, in seconds; nothing when nothing was.
  /// - Parameter share: from 0 to 1, such as 0.99.
  public func quantile(_ share: Double) -> Double? {
    guard count > 0 else { return nil }
    let wanted = share * Double(count)
    var seen = 0.0
    for index in 0..<Self.bucketCount where counts[index] > 0 {
      let here = Double(counts[index])
      if seen + here >= wanted {
        let start = index == 0 ? 0 : Self.end(ofBucket: index - 1)
        return start + (Self.end(ofBucket: index) - start) * max(0, min(1, (wanted - seen) / here))
      }
      seen += here
    }
    return Self.end(ofBucket: Self.bucketCount - 1)
  }

  /// How many took less than so many seconds, as far as the buckets tell: what is in the bucket of `seconds` itself counts
  /// when that bucket ends there.
  public func cumulative(below seconds: Double) -> UInt64 {
    var sum: UInt64 = 0
    for index in 0..<Self.bucketCount {
      // The ends are not exact in binary.
      guard Self.end(ofBucket: index) <= seconds * 1.000_001 else { break }
      sum += counts[index]
    }
    return sum
  }

  /// Adds everything that another one has recorded.
  public mutating func add(_ other: LatencyHistogram) {
    for index in 0..<Self.bucketCount { counts[index] += other.counts[index] }
    count += other.count
    sum += other.sum
  }

  /// What was recorded since it was this earlier one.
  public func since(_ earlier: LatencyHistogram) -> LatencyHistogram {
    guard earlier.count <= count else { return self }
    var difference = self
    for index in 0..<Self.bucketCount { difference.counts[index] &-= earlier.counts[index] }
    difference.count = count - earlier.count
    difference.sum = max(0, sum - earlier.sum)
    return difference
  }
}
