import Glibc

/// A point in time after which waiting is a failure.
public struct Deadline: Sendable {
  /// Generous on purpose: a deadline is there to end a hung test, not to measure.
  public static let patience = Duration.seconds(30)

  private let end: ContinuousClock.Instant

  public init(within duration: Duration = Deadline.patience) { end = .now + duration }

  public var isOver: Bool { ContinuousClock.now >= end }

  /// For `poll`: rounded up, so that a wait never spins through its last millisecond.
  var milliseconds: Int32 {
    let left = ContinuousClock.now.duration(to: end)
    guard left > .zero else { return 0 }
    return Int32(clamping: Int64(left / .milliseconds(1)) + 1)
  }
}

public func pause(_ duration: Duration) {
  usleep(UInt32(clamping: Int64(duration / .microseconds(1))))
}

/// Waits until `condition` holds. An error thrown by it counts as "not yet"; the last one is in the failure.
public func eventually(
  within duration: Duration = Deadline.patience, _ promise: String, _ condition: () throws -> Bool
) throws {
  let deadline = Deadline(within: duration)
  var interval = Duration.milliseconds(2)
  var lastError: (any Error)?
  while true {
    do {
      if try condition() { return }
      lastError = nil
    } catch { lastError = error }
    if deadline.isOver {
      throw Failure("not within \(duration): \(promise)" + (lastError.map { " (last error: \($0))" } ?? ""))
    }
    pause(interval)
    interval = min(interval * 2, .milliseconds(50))
  }
}
