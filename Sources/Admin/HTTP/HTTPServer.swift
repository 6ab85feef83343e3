import Glibc
import Reactor

/// A small HTTP server for probes, scrapers and one status page: GET and HEAD, one request a connection.
///
/// It runs on the control thread's loop and cannot hurt the workers; what could hurt the control thread is bounded: the
/// bytes of a request, the number of connections, the time that each may take, and the work of a turn. When it is full, the
/// connection that has kept it waiting the longest makes room for the new one: a thousand clients that say nothing do
/// not keep a probe out.
public final class HTTPServer {
  /// Every bound, by name.
  public struct Limits: Sendable {
    /// Connections at the same time.
    public var connections = 64
    /// Seconds from a connection's beginning to the last byte of its answer.
    public var patience = 5.0
    /// Connections that are accepted in one turn of the loop.
    public var acceptedTogether = 8

    public init() {}
  }

  /// Answers a request, at once or later, on the loop's thread. Answering twice, or a client that has gone, does nothing.
  public typealias Handler = (_ request: HTTPRequest, _ answer: @escaping (HTTPResponse) -> Void) -> Void

  /// Where it listens, with the port that the kernel chose where port 0 was asked for.
  public let address: SocketAddress
  private let loop: EventLoop
  private let fd: Int32
  private let limits: Limits
  private let handler: Handler
  private let onExhausted: (SystemError) -> Void
  private var accepting: IOSource?
  private var pause: TimerSource?
  /// In the order in which they came.
  private var connections: [HTTPConnection] = []

  /// Starts to listen.
  /// - Parameter onExhausted: called each time that a connection waits and cannot be taken, for the lack of descriptors or
  ///   memory.
  public init(
    on loop: EventLoop, address: SocketAddress, limits: Limits = Limits(),
    onExhausted: @escaping (SystemError) -> Void = { _ in }, handler: @escaping Handler
  ) throws(SystemError) {
    let fd = try Sockets.listen(on: address, backlog: 128)
    self.fd = fd
    self.loop = loop
    self.limits = limits
    self.handler = handler
    self.onExhausted = onExhausted
    if address.port == 0, let port = Sockets.localPort(fd) {
      self.address = SocketAddress(ip: address.host, port: port) ?? address
    } else {
      self.address = address
    }
    startAccepting()
  }

  deinit { close() }

  /// Stops listening and ends every connection.
  public func close() {
    guard accepting != nil || pause != nil else { return }
    accepting = nil
    pause = nil
    Gate.close(fd)
    if address.port == nil { unlink(address.host) }
    for connection in connections { connection.close() }
    connections = []
  }

  private func startAccepting() {
    pause = nil
    accepting = IOSource(on: loop, fd: fd, for: .readable) { [unowned self] in self.acceptSome() }
  }

  private func acceptSome() {
    for _ in 0..<limits.acceptedTogether {
      switch Sockets.accept(on: fd) {
      case .connection(let connection): take(connection)
      case .none: return
      case .exhausted(let error):
        onExhausted(error)
        // The queue stays readable: without a pause this would spin.
        accepting = nil
        pause = TimerSource(on: loop, after: 0.1) { [unowned self] in self.startAccepting() }
        return
      }
    }
  }

  private func take(_ fd: Int32) {
    if connections.count >= limits.connections {
      (connections.first { $0.isWaitedFor } ?? connections[0]).close()
    }
    let connection = HTTPConnection(on: loop, fd: fd, patience: limits.patience, handler: handler) {
      [weak self] ended in self?.connections.removeAll { $0 === ended }
    }
    connections.append(connection)
    connection.start()
  }
}
