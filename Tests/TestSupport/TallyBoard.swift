import Synchronization

/// A number for each of some threads, written by its thread and read by the test.
public final class TallyBoard: Sendable {
  private let numbers: Mutex<[Int]>

  public init(_ count: Int) throws { numbers = Mutex(Array(repeating: 0, count: count)) }

  public func set(_ index: Int, _ value: Int) { numbers.withLock { $0[index] = value } }
  public subscript(index: Int) -> Int { numbers.withLock { $0[index] } }
  public var total: Int { numbers.withLock { $0.reduce(0, +) } }
}
