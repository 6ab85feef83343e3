import CLibev
import Synchronization

/// Hands immutable messages to a loop from any thread, in order, and wakes it.
///
/// The one type of the project that says `@unchecked Sendable`: libev promises that `ev_async_send` may be called from
/// any thread while the watcher is armed, the queue is behind a mutex, and `handler` runs on the loop's thread only.
/// `watcher` is armed in `open(on:)` and disarmed in `close()`, both called on that thread; `signal` reads the loop
/// under the same mutex, so nobody wakes a loop that is gone.
public final class Mailbox<Message: Sendable>: @unchecked Sendable {
  private struct State {
    var messages: [Message] = []
    /// The open loop's address; a number, because a pointer may not cross threads by itself.
    var loop: UInt = 0
  }

  private let state = Mutex(State())
  private let watcher: UnsafeMutablePointer<ev_async>
  private var handler: ((Message) -> Void)?

  public init() {
    watcher = .allocate(capacity: 1)
    watcher.initialize(to: ev_async())
  }

  deinit { watcher.deallocate() }

  /// Starts delivery on `loop`, whose thread is the caller's. Messages sent earlier are delivered at once.
  public func open(on loop: EventLoop, handler: @escaping (Message) -> Void) {
    self.handler = handler
    amb_async_init(watcher) { _, watcher, _ in
      guard let data = watcher.pointee.data else { return }
      Unmanaged<AnyMailbox>.fromOpaque(data).takeUnretainedValue().deliver()
    }
    let erased = AnyMailbox { [unowned self] in self.deliver() }
    self.erased = erased
    watcher.pointee.data = Unmanaged.passUnretained(erased).toOpaque()
    ev_async_start(loop.raw, watcher)
    let address = UInt(bitPattern: loop.raw)
    let waiting = state.withLock { state -> Bool in
      state.loop = address
      return !state.messages.isEmpty
    }
    if waiting { ev_async_send(loop.raw, watcher) }
  }

  /// Ends delivery. Called on the loop's thread; later messages are kept and never delivered.
  public func close() {
    let address = state.withLock { state -> UInt in
      defer { state.loop = 0 }
      return state.loop
    }
    if let loop = OpaquePointer(bitPattern: address) { ev_async_stop(loop, watcher) }
    handler = nil
  }

  /// Appends a message. Any thread.
  public func send(_ message: Message) {
    state.withLock { state in
      state.messages.append(message)
      if let loop = OpaquePointer(bitPattern: state.loop) { ev_async_send(loop, watcher) }
    }
  }

  private var erased: AnyMailbox?

  private func deliver() {
    let messages = state.withLock { state -> [Message] in
      defer { state.messages = [] }
      return state.messages
    }
    for message in messages { handler?(message) }
  }
}

/// What a C callback can recover: a mailbox whose message type is forgotten.
private final class AnyMailbox {
  let deliver: () -> Void
  init(deliver: @escaping () -> Void) { self.deliver = deliver }
}
