import Glibc
import Synchronization

/// Stands between replicas and their primary: what the primary says reaches them a fixed time later, what they say passes
/// at once. Runs on a thread of its own until it is stopped.
final class DelayingRelay: Sendable {
  let port: UInt16
  private let delay = Atomic<UInt64>(0)
  private let isOver = Atomic(false)
  private let thread = Mutex<BenchThread?>(nil)

  init(to target: UInt16) throws {
    port = try Ports.free()
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard listener >= 0, withLoopbackAddress(port, { bind(listener, $0, $1) }) == 0, listen(listener, 16) == 0 else {
      throw BenchError("the relay cannot listen on 127.0.0.1:\(port): \(String(cString: strerror(errno)))")
    }
    let started = BenchThread { [self] in
      run(listener, target)
      close(listener)
    }
    thread.withLock { $0 = started }
  }

  /// From now on everything comes so much later.
  func delay(milliseconds: Double) { delay.store(UInt64(milliseconds * 1e6), ordering: .relaxed) }

  func stop() {
    isOver.store(true, ordering: .relaxed)
    thread.withLock { thread in
      thread?.join()
      thread = nil
    }
  }

  private func run(_ listener: Int32, _ target: UInt16) {
    var links: [RelayLink] = []
    while !isOver.load(ordering: .relaxed) {
      var entries = [pollfd(fd: listener, events: Int16(POLLIN), revents: 0)]
      for link in links {
        entries.append(pollfd(fd: link.replica, events: Int16(POLLIN), revents: 0))
        entries.append(pollfd(fd: link.primary.descriptor, events: Int16(POLLIN), revents: 0))
      }
      poll(&entries, nfds_t(entries.count), links.contains { $0.isWaiting } ? 1 : 5)
      let delay = delay.load(ordering: .relaxed)
      for (index, link) in links.enumerated() {
        if entries[index * 2 + 1].revents != 0 { link.passOnAcknowledgements() }
        if entries[index * 2 + 2].revents != 0 { link.takeIn(delayedBy: delay) }
        link.passOnDue(Clock.now())
      }
      links.removeAll { $0.isClosed }
      if entries[0].revents != 0 {
        let replica = accept(listener, nil, nil)
        _ = fcntl(replica, F_SETFD, FD_CLOEXEC)
        if replica >= 0, let link = try? RelayLink(replica: replica, target) { links.append(link) }
      }
    }
  }
}

/// One replica's connection through the relay.
private final class RelayLink {
  let replica: Int32
  let primary: LoopbackSocket
  private(set) var isClosed = false
  private var waiting: [(due: UInt64, bytes: [UInt8])] = []
  private var first = 0
  private var chunk = [UInt8](repeating: 0, count: 1 << 17)

  init(replica: Int32, _ target: UInt16) throws {
    self.replica = replica
    primary = try LoopbackSocket(port: target)
    var yes: Int32 = 1
    setsockopt(replica, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
  }

  deinit { close(replica) }

  var isWaiting: Bool { first < waiting.count }

  func passOnAcknowledgements() {
    let count = receive(replica)
    if count > 0 { send(chunk[..<count], to: primary.descriptor) }
  }

  func takeIn(delayedBy delay: UInt64) {
    let count = receive(primary.descriptor)
    if count > 0 { waiting.append((Clock.now() + delay, Array(chunk[..<count]))) }
  }

  func passOnDue(_ now: UInt64) {
    while first < waiting.count, waiting[first].due <= now, !isClosed {
      send(waiting[first].bytes[...], to: replica)
      waiting[first].bytes = []
      first += 1
    }
    if first > 1024 || first == waiting.count {
      waiting.removeFirst(first)
      first = 0
    }
  }

  private func receive(_ descriptor: Int32) -> Int {
    let count = recv(descriptor, &chunk, chunk.count, Int32(MSG_DONTWAIT))
    if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) { isClosed = true }
    return count
  }

  private func send(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) {
    var rest = bytes
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress!, $0.count, Int32(MSG_NOSIGNAL)) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        isClosed = true
        return
      }
      rest = rest.dropFirst(count)
    }
  }
}
