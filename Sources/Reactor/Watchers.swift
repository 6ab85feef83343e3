import CLibev

// Watchers of the data path. Each is a field of a struct on the heap that never moves (its owner), because libev keeps
// the watcher's address while it is armed. Invariant: a watcher is disarmed before its owner's memory is freed, so the
// owner that a callback receives is always alive.

/// What a watcher calls: the owner that was named when it was prepared, and what happened.
public typealias WatcherHandler = @convention(c) (_ owner: UnsafeMutableRawPointer, _ events: Int32) -> Void

/// Gives a callback its owner back. The one place where an untyped owner becomes typed again.
@inlinable @inline(__always)
public func owner<Owner: ~Copyable>(
  _ raw: UnsafeMutableRawPointer, as type: Owner.Type = Owner.self
) -> UnsafeMutablePointer<Owner> {
  raw.assumingMemoryBound(to: Owner.self)
}

/// Watches a descriptor for one kind of readiness.
public struct IOWatcher: ~Copyable {
  var io = ev_io()
  var owner: UnsafeMutableRawPointer? = nil
  var handler: WatcherHandler? = nil
  public private(set) var isArmed = false
  public private(set) var isUrgent = false

  public init() {}

  /// Names the descriptor, the readiness, and what to call. Not armed yet.
  public mutating func prepare(
    fd: Int32, for readiness: Readiness, owner: UnsafeMutableRawPointer, handler: @escaping WatcherHandler
  ) {
    self.owner = owner
    self.handler = handler
    amb_io_init(
      &io,
      { _, io, events in
        // `io` is the first field, so its address is the watcher's.
        let watcher = UnsafeMutableRawPointer(io).assumingMemoryBound(to: IOWatcher.self)
        guard let handler = watcher.pointee.handler, let owner = watcher.pointee.owner else { return }
        handler(owner, events)
      }, fd, readiness.rawValue)
  }

  public mutating func arm(on loop: EventLoop) {
    guard !isArmed else { return }
    isArmed = true
    ev_io_start(loop.raw, &io)
  }

  public mutating func disarm(on loop: EventLoop) {
    guard isArmed else { return }
    isArmed = false
    ev_io_stop(loop.raw, &io)
  }

  /// Whether it is called before others in a turn, whose order is otherwise nobody's.
  public mutating func setUrgent(_ urgent: Bool, on loop: EventLoop) {
    guard urgent != isUrgent else { return }
    isUrgent = urgent
    if isArmed { ev_io_stop(loop.raw, &io) }
    amb_io_urgent(&io, urgent ? 1 : 0)
    if isArmed { ev_io_start(loop.raw, &io) }
  }
}

/// Calls once after a delay, or repeatedly.
public struct TimerWatcher: ~Copyable {
  var timer = ev_timer()
  var owner: UnsafeMutableRawPointer? = nil
  var handler: WatcherHandler? = nil
  public private(set) var isArmed = false

  public init() {}

  public mutating func prepare(owner: UnsafeMutableRawPointer, handler: @escaping WatcherHandler) {
    self.owner = owner
    self.handler = handler
    amb_timer_init(
      &timer,
      { _, timer, events in
        let watcher = UnsafeMutableRawPointer(timer).assumingMemoryBound(to: TimerWatcher.self)
        guard let handler = watcher.pointee.handler, let owner = watcher.pointee.owner else { return }
        if watcher.pointee.timer.`repeat` == 0 { watcher.pointee.isArmed = false }
        handler(owner, events)
      }, 0, 0)
  }

  /// Arms it, replacing what it was armed with. `seconds` from now, then every `repeating` seconds unless that is 0.
  public mutating func arm(on loop: EventLoop, after seconds: Double, repeating: Double = 0) {
    disarm(on: loop)
    isArmed = true
    amb_timer_set(&timer, seconds, repeating)
    ev_timer_start(loop.raw, &timer)
  }

  public mutating func disarm(on loop: EventLoop) {
    guard isArmed else { return }
    isArmed = false
    ev_timer_stop(loop.raw, &timer)
  }
}

/// Calls at the end of each turn, before the loop sleeps.
public struct TurnEndWatcher: ~Copyable {
  var prepareWatcher = ev_prepare()
  var owner: UnsafeMutableRawPointer? = nil
  var handler: WatcherHandler? = nil
  public private(set) var isArmed = false

  public init() {}

  public mutating func arm(
    on loop: EventLoop, owner: UnsafeMutableRawPointer, handler: @escaping WatcherHandler
  ) {
    self.owner = owner
    self.handler = handler
    isArmed = true
    amb_prepare_init(&prepareWatcher) { _, prepare, events in
      let watcher = UnsafeMutableRawPointer(prepare).assumingMemoryBound(to: TurnEndWatcher.self)
      guard let handler = watcher.pointee.handler, let owner = watcher.pointee.owner else { return }
      handler(owner, events)
    }
    ev_prepare_start(loop.raw, &prepareWatcher)
  }

  public mutating func disarm(on loop: EventLoop) {
    guard isArmed else { return }
    isArmed = false
    ev_prepare_stop(loop.raw, &prepareWatcher)
  }
}

/// Calls when the loop has woken, before what it was woken for, once each time it is armed.
public struct WakeWatcher: ~Copyable {
  var checkWatcher = ev_check()
  var owner: UnsafeMutableRawPointer? = nil
  var handler: WatcherHandler? = nil
  public private(set) var isArmed = false

  public init() {}

  public mutating func prepare(owner: UnsafeMutableRawPointer, handler: @escaping WatcherHandler) {
    self.owner = owner
    self.handler = handler
    amb_check_init(&checkWatcher) { loop, check, events in
      let watcher = UnsafeMutableRawPointer(check).assumingMemoryBound(to: WakeWatcher.self)
      watcher.pointee.isArmed = false
      ev_check_stop(loop, check)
      guard let handler = watcher.pointee.handler, let owner = watcher.pointee.owner else { return }
      handler(owner, events)
    }
  }

  public mutating func arm(on loop: EventLoop) {
    guard !isArmed else { return }
    isArmed = true
    ev_check_start(loop.raw, &checkWatcher)
  }

  public mutating func disarm(on loop: EventLoop) {
    guard isArmed else { return }
    isArmed = false
    ev_check_stop(loop.raw, &checkWatcher)
  }
}
