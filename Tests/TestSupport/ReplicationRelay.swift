import Glibc
import Synchronization

/// Stands between a replica and its primary and keeps back what the primary says: for a time, or until it is let go.
/// It serves as well as any service that has one address for several servers.
///
/// What the replica says (acknowledgements, requests for a copy) passes at once.
public final class ReplicationRelay: Sendable {
  /// What its thread holds; the relay itself may go.
  private final class Controls: Sendable {
    let delay = Mutex(Duration.zero)
    let isHeld = Atomic(false)
    let isDeaf = Atomic(false)
    let stopsBehindContinue = Atomic(false)
    let isCut = Atomic(false)
    let isOver = Atomic(false)
    let targets = Mutex<[UInt16]>([])
    let words = Mutex<[UInt8]>([])
  }

  public let port: UInt16
  private let controls = Controls()

  /// - Parameter segmentSize: the most bytes in a TCP segment from whoever connects, as on a real network: its kernel takes far
  ///   less in advance than on the loopback interface.
  public init(to target: UInt16, segmentSize: Int32? = nil) throws {
    port = try PortLease().port
    let listener = try LoopbackSocket.make()
    LoopbackSocket.set(SO_REUSEADDR, to: 1, on: listener)
    if let segmentSize {
      LoopbackSocket.set(TCP_MAXSEG, at: Int32(IPPROTO_TCP), to: segmentSize, on: listener)
      LoopbackSocket.set(SO_RCVBUF, to: 16 << 10, on: listener)
    }
    guard LoopbackSocket.withAddress(port: port, { bind(listener, $0, $1) }) == 0, listen(listener, 16) == 0 else {
      throw systemFailure("listen on \(port)")
    }
    redirect(to: target)
    startThread { [controls] in Self.run(listener, controls) }
  }

  deinit { controls.isOver.store(true, ordering: .relaxed) }

  /// Everything reaches the replica so much later.
  public func delay(_ duration: Duration) { controls.delay.withLock { $0 = duration } }

  /// Nothing reaches the replica until ``release()``.
  public func hold() { controls.isHeld.store(true, ordering: .sequentiallyConsistent) }
  public func release() { controls.isHeld.store(false, ordering: .sequentiallyConsistent) }

  /// Takes nothing of what the replica says until ``hear()``.
  public func deafen() { controls.isDeaf.store(true, ordering: .sequentiallyConsistent) }
  public func hear() { controls.isDeaf.store(false, ordering: .sequentiallyConsistent) }

  /// Says something in the primary's place, to whoever has said something that it is deaf to.
  public func say(_ text: String) { controls.words.withLock { $0 += Array(text.utf8) } }

  /// Lets a replica's handshake pass as far as `+CONTINUE`, and holds what it has missed: it is linked and behind.
  public func releaseHandshake() {
    controls.stopsBehindContinue.store(true, ordering: .sequentiallyConsistent)
    release()
  }

  /// Ends the connections that there are; the replica makes new ones.
  public func cut() { controls.isCut.store(true, ordering: .sequentiallyConsistent) }

  /// Connections made from now on lead there: one address, and another process behind it.
  public func redirect(to target: UInt16) { rotate(among: [target]) }

  /// Connections made from now on lead to one after the other of these.
  public func rotate(among targets: [UInt16]) { controls.targets.withLock { $0 = targets } }

  private struct Link {
    let replica: Int32
    let primary: Int32
    var waiting: [(due: ContinuousClock.Instant, bytes: [UInt8])] = []

    func close() {
      Glibc.close(replica)
      Glibc.close(primary)
    }
  }

  private static func run(_ listener: Int32, _ controls: Controls) {
    var links: [Link] = []
    while !controls.isOver.load(ordering: .relaxed) {
      var entries = [pollfd(fd: listener, events: Int16(POLLIN), revents: 0)]
      let isDeaf = controls.isDeaf.load(ordering: .sequentiallyConsistent)
      for link in links {
        // A negative descriptor is passed over.
        entries.append(pollfd(fd: isDeaf ? -1 : link.replica, events: Int16(POLLIN), revents: 0))
        entries.append(pollfd(fd: link.primary, events: Int16(POLLIN), revents: 0))
      }
      poll(&entries, nfds_t(entries.count), links.contains { !$0.waiting.isEmpty } ? 1 : 5)
      if controls.isCut.exchange(false, ordering: .sequentiallyConsistent) {
        for link in links { link.close() }
        links = []
        continue
      }
      let delay = controls.delay.withLock { $0 }
      let isHeld = controls.isHeld.load(ordering: .sequentiallyConsistent)
      let words = controls.words.withLock { words in
        defer { words = [] }
        return words
      }
      var kept: [Link] = []
      for (index, link) in links.enumerated() {
        var link = link
        var isAlive = true
        if entries[index * 2 + 1].revents != 0 {
          if let bytes = receive(link.replica) { isAlive = sendAll(link.primary, bytes) } else { isAlive = false }
        }
        if isAlive, entries[index * 2 + 2].revents != 0 {
          if let bytes = receive(link.primary) {
            link.waiting.append((.now + delay, bytes))
          } else {
            isAlive = false
          }
        }
        if !words.isEmpty, hasMore(link.replica) { link.waiting.append((.now, words)) }
        while isAlive, !isHeld, let first = link.waiting.first, first.due <= .now {
          link.waiting.removeFirst()
          var bytes = first.bytes[...]
          if controls.stopsBehindContinue.load(ordering: .sequentiallyConsistent), let end = endOfContinue(bytes) {
            if end < bytes.endIndex { link.waiting.insert((first.due, Array(bytes[end...])), at: 0) }
            bytes = bytes[..<end]
            controls.stopsBehindContinue.store(false, ordering: .sequentiallyConsistent)
            controls.isHeld.store(true, ordering: .sequentiallyConsistent)
            isAlive = sendAll(link.replica, Array(bytes))
            break
          }
          isAlive = sendAll(link.replica, Array(bytes))
        }
        if isAlive { kept.append(link) } else { link.close() }
      }
      links = kept
      if entries[0].revents != 0 {
        let replica = accept(listener, nil, nil)
        guard replica >= 0, let primary = try? LoopbackSocket.make() else { continue }
        _ = fcntl(primary, F_SETFL, 0)
        _ = fcntl(replica, F_SETFD, FD_CLOEXEC)
        LoopbackSocket.set(TCP_NODELAY, at: Int32(IPPROTO_TCP), to: 1, on: replica)
        LoopbackSocket.set(TCP_NODELAY, at: Int32(IPPROTO_TCP), to: 1, on: primary)
        let link = Link(replica: replica, primary: primary)
        let target = controls.targets.withLock { targets in
          targets.append(targets.removeFirst())
          return targets.last ?? 0
        }
        if LoopbackSocket.withAddress(port: target, { connect(primary, $0, $1) }) == 0 {
          links.append(link)
        } else {
          link.close()
        }
      }
    }
    for link in links { link.close() }
    Glibc.close(listener)
  }

  private static func endOfContinue(_ bytes: ArraySlice<UInt8>) -> Int? {
    let word = Array("+CONTINUE".utf8)
    guard let start = bytes.indices.first(where: { bytes[$0...].starts(with: word) }) else { return nil }
    return bytes[start...].firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 }
  }

  private static func hasMore(_ descriptor: Int32) -> Bool {
    var byte: UInt8 = 0
    return recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT) | Int32(MSG_PEEK)) > 0
  }

  /// Nothing when the other side has closed.
  private static func receive(_ descriptor: Int32) -> [UInt8]? {
    var chunk = [UInt8](repeating: 0, count: 65536)
    let count = recv(descriptor, &chunk, chunk.count, Int32(MSG_DONTWAIT))
    if count > 0 { return Array(chunk[..<count]) }
    return count < 0 && (errno == EAGAIN || errno == EINTR) ? [] : nil
  }

  private static func sendAll(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        send(descriptor, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
      }
      if count < 0 { return false }
      sent += count
    }
    return true
  }
}
