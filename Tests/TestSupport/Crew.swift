import Glibc
import Synchronization

/// Starts a thread that nobody joins. Blocking socket code has no place on the few threads of Swift's task pool.
func startThread(_ body: @escaping @Sendable () -> Void) {
  final class Box: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  var thread = pthread_t()
  let argument = Unmanaged.passRetained(Box(body)).toOpaque()
  let status = pthread_create(
    &thread, nil,
    { argument in
      Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue().body()
      return nil
    }, argument)
  precondition(status == 0, "pthread_create: \(status)")
  pthread_detach(thread)
}

/// Threads that run until they return, throw, or see that they shall stop; letting go of the crew stops it as well.
public final class Crew: Sendable {
  /// What the threads hold. Not the crew itself: a test that throws must not leave them running for ever.
  public final class Shift: Sendable {
    fileprivate let atWork: Atomic<Int>
    fileprivate let over = Atomic(false)
    fileprivate let errors = Mutex<[any Error]>([])

    fileprivate init(_ count: Int) { atWork = Atomic(count) }

    /// The body asks this between two steps.
    public var isOver: Bool { over.load(ordering: .relaxed) }
  }

  private let shift: Shift

  public init(_ count: Int, _ body: @escaping @Sendable (_ index: Int, _ shift: Shift) throws -> Void) {
    shift = Shift(count)
    for index in 0..<count {
      startThread { [shift] in
        do { try body(index, shift) } catch { shift.errors.withLock { $0.append(error) } }
        shift.atWork.subtract(1, ordering: .sequentiallyConsistent)
      }
    }
  }

  deinit { shift.over.store(true, ordering: .relaxed) }

  public var errors: [any Error] { shift.errors.withLock { $0 } }

  /// Waits for all to come home by themselves and throws what went wrong first.
  public func finish(within duration: Duration = .seconds(120)) throws {
    try eventually(within: duration, "all threads finish") { shift.atWork.load(ordering: .sequentiallyConsistent) == 0 }
    let errors = errors
    if let first = errors.first { throw Failure("\(first) (\(errors.count) of the threads failed)") }
  }

  /// Tells them to stop, and waits for nobody.
  public func dismiss() { shift.over.store(true, ordering: .relaxed) }

  public func stop(within duration: Duration = .seconds(120)) throws {
    dismiss()
    try finish(within: duration)
  }
}

/// Runs `body` on `count` threads at once and waits for all of them.
public func concurrently(
  _ count: Int, within duration: Duration = .seconds(120), _ body: @escaping @Sendable (Int) throws -> Void
) throws {
  try Crew(count) { index, _ in try body(index) }.finish(within: duration)
}
