import CLibev

// Event sources for the control thread, where a closure and a reference count do not matter.
// Invariant of each: `box` is freed in `deinit`, after the libev watcher inside it was stopped; while it is armed the
// watcher's `data` is the unretained source, which is alive because only `deinit` ends it.

/// Calls a closure when a descriptor is ready. Ends with its last reference.
public final class IOSource {
  private let loop: EventLoop
  private let box: UnsafeMutablePointer<ev_io>
  private let handler: () -> Void

  public init(on loop: EventLoop, fd: Int32, for readiness: Readiness, handler: @escaping () -> Void) {
    self.loop = loop
    self.handler = handler
    box = .allocate(capacity: 1)
    box.initialize(to: ev_io())
    amb_io_init(
      box, { _, watcher, _ in source(watcher.pointee.data, as: IOSource.self)?.handler() }, fd, readiness.rawValue)
    box.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    ev_io_start(loop.raw, box)
  }

  deinit {
    ev_io_stop(loop.raw, box)
    box.deallocate()
  }
}

/// Calls a closure after a delay, once or repeatedly. Ends with its last reference.
public final class TimerSource {
  private let loop: EventLoop
  private let box: UnsafeMutablePointer<ev_timer>
  private let handler: () -> Void

  public init(on loop: EventLoop, after seconds: Double, repeating: Double = 0, handler: @escaping () -> Void) {
    self.loop = loop
    self.handler = handler
    box = .allocate(capacity: 1)
    box.initialize(to: ev_timer())
    amb_timer_init(
      box, { _, watcher, _ in source(watcher.pointee.data, as: TimerSource.self)?.handler() }, seconds, repeating)
    box.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    ev_now_update(loop.raw)
    ev_timer_start(loop.raw, box)
  }

  deinit {
    ev_timer_stop(loop.raw, box)
    box.deallocate()
  }
}

/// Calls a closure on the loop's thread when the process receives a signal.
public final class SignalSource {
  private let loop: EventLoop
  private let box: UnsafeMutablePointer<ev_signal>
  private let handler: () -> Void

  public init(on loop: EventLoop, signal: Int32, handler: @escaping () -> Void) {
    self.loop = loop
    self.handler = handler
    box = .allocate(capacity: 1)
    box.initialize(to: ev_signal())
    amb_signal_init(box, { _, watcher, _ in source(watcher.pointee.data, as: SignalSource.self)?.handler() }, signal)
    box.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    ev_signal_start(loop.raw, box)
    Self.mask(SIG_UNBLOCK, [signal])
  }

  /// Lets these signals wait, from now on until there is a source for each, rather than end the process: to be called by
  /// the thread whose loop the sources will be on.
  public static func hold(_ signals: [Int32]) { mask(SIG_BLOCK, signals) }

  private static func mask(_ how: Int32, _ signals: [Int32]) {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in signals { sigaddset(&set, signal) }
    pthread_sigmask(how, &set, nil)
  }

  deinit {
    ev_signal_stop(loop.raw, box)
    box.deallocate()
  }
}

/// Gives a callback its source back, retained for the length of the call.
private func source<Source: AnyObject>(_ data: UnsafeMutableRawPointer?, as type: Source.Type) -> Source? {
  data.map { Unmanaged<Source>.fromOpaque($0).takeUnretainedValue() }
}
