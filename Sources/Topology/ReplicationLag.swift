/// Knows of which replicas it is proven that they are more than a bound behind their primary, from what nodes say of
/// their offsets.
///
/// A value without a clock: each statement comes with the time span in which it was true, from the question to its answer,
/// in seconds of a clock that does not go back. Nothing is estimated: what cannot be proven either way leaves a replica
/// as it was judged before, and one that nothing was proven of is not behind. So a replica whose lag is close to the bound
/// does not flutter, and a primary that writes nothing has no replica behind it.
struct ReplicationLag: Sendable {
  /// In seconds.
  let bound: Double
  private(set) var behind: Set<NodeAddress> = []

  private struct Sample {
    /// When the primary was asked and had answered.
    var asked: Double
    var answered: Double
    var offset: Int64
  }
  /// What the primary said of itself, in one history, oldest first.
  private var samples: [Sample] = []
  private var history = ""

  /// Samples closer together than this part of the bound are not kept: with the capacity they still reach half a bound
  /// further back than the bound, which is more than an answer takes to arrive.
  private static let density = 32.0
  private static let capacity = 48

  init(bound: Double) { self.bound = bound }

  /// How often nodes must be asked, in seconds: then a replica in step always finds a statement of the primary that is
  /// younger than the bound. One that stands still is found out after two bounds at the latest: the primary says what it
  /// misses up to an interval later, which must become a bound old, and it is asked itself up to an interval after that.
  static func interval(for bound: Double) -> Double { bound / 2 }

  /// The primary, proven to be one, has said where it is.
  mutating func observe(primary info: ReplicationInfo, during span: ClosedRange<Double>) {
    let hasGoneBack = samples.last.map { info.offset < $0.offset || span.upperBound < $0.answered } ?? false
    if info.replicationID != history || hasGoneBack {
      // What was said of another history, or by another clock, proves nothing of this one.
      history = info.replicationID
      samples = []
      behind = []
    }
    // Offsets without a name for what they count in cannot be compared.
    if history.isEmpty { return }
    if let last = samples.last, span.upperBound - last.answered < bound / Self.density { return }
    if samples.count == Self.capacity { samples.removeFirst() }
    samples.append(Sample(asked: span.lowerBound, answered: span.upperBound, offset: info.offset))
  }

  /// A replica has said where it is.
  mutating func observe(_ replica: NodeAddress, _ info: ReplicationInfo, during span: ClosedRange<Double>) {
    guard info.replicationID == history else { return }
    if let old = samples.last(where: { $0.answered <= span.lowerBound - bound }), info.offset < old.offset {
      behind.insert(replica)
    } else if let young = samples.first(where: { $0.asked >= span.upperBound - bound }), info.offset >= young.offset {
      // It has all that the primary had at that time, so all that it had a bound ago.
      behind.remove(replica)
    }
  }

  mutating func forget(_ replica: NodeAddress) { behind.remove(replica) }
}
