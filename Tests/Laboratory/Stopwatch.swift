/// The laboratory's one clock: seconds since it was started.
public struct Stopwatch: Sendable {
  private let start = ContinuousClock.now

  public init() {}

  public var now: Double { start.duration(to: .now) / .seconds(1) }
}
