import Glibc

/// A thread with a body that it owns alone; what it found is handed over through a `Mutex` and read after `join()`.
struct BenchThread: Sendable {
  private let id: pthread_t

  private final class Body {
    let run: () -> Void
    init(_ run: @escaping () -> Void) { self.run = run }
  }

  /// The C callback must capture nothing, so the body travels through its argument.
  init(_ body: sending @escaping () -> Void) {
    var id = pthread_t()
    let box = Unmanaged.passRetained(Body(body)).toOpaque()
    let failed = pthread_create(
      &id, nil,
      { argument in
        Unmanaged<Body>.fromOpaque(argument!).takeRetainedValue().run()
        return nil
      }, box)
    precondition(failed == 0, "pthread_create failed: \(failed)")
    self.id = id
  }

  func join() { pthread_join(id, nil) }
}
