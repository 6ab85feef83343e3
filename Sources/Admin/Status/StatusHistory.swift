import Proxy

/// What the workers have said in the last seconds, so that counters can be told as rates.
public struct StatusHistory {
  /// Rates are taken over this many seconds, or as few more as were asked for.
  public static let window = 5.0
  /// Reports closer together than this are not both kept.
  private static let spacing = 0.5
  /// A rate over less than this says nothing.
  private static let least = 1.0

  private var entries: [(at: Double, workers: [WorkerReport?])] = []

  public init() {}

  /// Keeps a report.
  /// - Parameter now: in seconds since some moment in the past; never smaller than before.
  public mutating func record(_ workers: [WorkerReport?], at now: Double) {
    if let last = entries.last, now - last.at < Self.spacing { return }
    entries.append((now, workers))
    // Of those that are old enough to be compared with, the youngest is all that is needed.
    while entries.count > 1, now - entries[1].at >= Self.window { entries.removeFirst() }
  }

  /// The report to compare with one of now; nothing before there is one that is at all older.
  public func earlier(at now: Double) -> EarlierReports? {
    guard let entry = entries.last(where: { now - $0.at >= Self.window }) ?? entries.first, now - entry.at >= Self.least
    else {
      return nil
    }
    return EarlierReports(age: now - entry.at, workers: entry.workers)
  }
}
