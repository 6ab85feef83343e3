import CLibev
import Glibc

/// A libev loop. It belongs to the thread that made it: everything armed on it is touched by that thread only,
/// except ``Wakeup/signal()``.
///
/// The backend is pinned to epoll: the others were measured slower, and `LIBEV_FLAGS` in a pod's environment must not
/// change how the process behaves.
public struct EventLoop {
  let raw: OpaquePointer

  /// Makes a loop, or nothing when the kernel refuses an epoll descriptor.
  public init?() {
    guard let raw = ev_loop_new(UInt32(EVFLAG_NOENV) | UInt32(EVBACKEND_EPOLL)) else { return nil }
    self.raw = raw
  }

  /// Runs until ``stop()``.
  public func run() { _ = ev_run(raw, 0) }

  /// Ends ``run()`` after the current turn.
  public func stop() { ev_break(raw, Int32(EVBREAK_ALL)) }

  /// Seconds since some moment in the past, for deadlines. Not libev's own `ev_now`, which follows the wall clock: setting
  /// that would make every node look silent, or put off every attempt to connect. Cheap: no system call.
  public var now: Double { Self.now }

  /// The same, for whoever has no loop at hand.
  public static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// Seconds since 1970, as the machine's clock has it: for people, never for deadlines.
  public static var wallClock: Double {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// Frees the loop. Nothing may be armed on it any more.
  public func destroy() { ev_loop_destroy(raw) }
}

/// What a descriptor is ready for.
public struct Readiness: OptionSet, Sendable {
  public let rawValue: Int32
  public init(rawValue: Int32) { self.rawValue = rawValue }
  public static let readable = Readiness(rawValue: Int32(EV_READ))
  public static let writable = Readiness(rawValue: Int32(EV_WRITE))
}
