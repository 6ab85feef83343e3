import Glibc
import Reactor

/// The control socket: RESP over a Unix socket that only its owner may connect to, so that `redis-cli -s PATH` works.
///
/// Belongs to one loop. Whatever its clients do costs a bounded amount of memory and time: there are few of them, each
/// has one request under way, requests are short, and one that does not read its answer is closed.
public final class ControlServer {
  /// Clients at the same time. When another one comes, the one that was idle the longest is closed.
  static let mostClients = 16

  private let loop: EventLoop
  private let commands: ControlCommands
  private let onExhausted: (SystemError) -> Void
  private var listening: (fd: Int32, path: String)?
  private var source: IOSource?
  private var pause: TimerSource?
  private var connections: [Int: ControlConnection] = [:]
  private var lastConnection = 0

  /// - Parameter onExhausted: called each time that a connection waits and cannot be taken, for the lack of descriptors or
  ///   memory.
  public init(
    on loop: EventLoop, commands: [ControlCommand], onExhausted: @escaping (SystemError) -> Void = { _ in }
  ) {
    self.loop = loop
    self.onExhausted = onExhausted
    self.commands = ControlCommands(commands)
  }

  deinit { close() }

  /// Starts to serve. The directory is made when it is missing and its parent is there; a socket that nobody listens on any
  /// more is replaced.
  public func listen(at path: String) throws(SystemError) {
    if let slash = path.lastIndex(of: "/"), slash > path.startIndex {
      // Whether it worked is seen by binding.
      _ = mkdir(String(path[..<slash]), 0o755)
    }
    let fd = try Sockets.listen(on: SocketAddress(unixPath: path), mode: 0o600)
    listening = (fd, path)
    accept()
  }

  /// Ends all connections and removes the socket.
  public func close() {
    source = nil
    pause = nil
    for connection in connections.values { connection.close() }
    connections = [:]
    guard let (fd, path) = listening else { return }
    listening = nil
    Gate.close(fd)
    unlink(path)
  }

  private func accept() {
    guard let fd = listening?.fd else { return }
    pause = nil
    source = IOSource(on: loop, fd: fd, for: .readable) { [unowned self] in self.acceptOne(fd) }
  }

  /// One a turn: the data path's listeners are on the same loop.
  private func acceptOne(_ listener: Int32) {
    switch Sockets.accept(on: listener) {
    case .none: return
    case .exhausted(let error):
      onExhausted(error)
      source = nil
      pause = TimerSource(on: loop, after: 0.1) { [unowned self] in self.accept() }
    case .connection(let fd):
      makeRoom()
      lastConnection += 1
      let number = lastConnection
      connections[number] = ControlConnection(
        fd, on: loop, commands: commands, onEnd: { [unowned self] in self.connections[number] = nil })
    }
  }

  private func makeRoom() {
    guard connections.count >= Self.mostClients else { return }
    // Those that wait for an answer go last.
    let victim = connections.values.min {
      ($0.isAwaiting ? 1 : 0, $0.lastActivity) < ($1.isAwaiting ? 1 : 0, $1.lastActivity)
    }
    victim?.end()
  }
}
