import Configuration
import Glibc
import Reactor

/// The sockets on which clients connect. Connections are accepted on the control thread and handed to the workers in
/// turn: sharing the accepting among threads would leave most clients with whichever thread happened to be awake.
final class Listeners {
  /// Why the ambassador cannot listen where it was told to, as one sentence.
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  private let loop: EventLoop
  private let onExhausted: (SystemError) -> Void
  private var sockets: [(address: SocketAddress, fd: Int32)] = []
  private var sources: [IOSource] = []
  private var pause: TimerSource?

  /// - Parameter onExhausted: called each time that a connection waits and cannot be taken, for the lack of descriptors or
  ///   memory.
  init(on loop: EventLoop, onExhausted: @escaping (SystemError) -> Void) {
    self.loop = loop
    self.onExhausted = onExhausted
  }

  deinit { close() }

  /// The addresses in use, with the port that the kernel chose where port 0 was asked for.
  var addresses: [SocketAddress] { sockets.map(\.address) }

  /// Starts to queue connections.
  func open(_ wanted: [ListenAddress]) throws(Failure) {
    for address in wanted {
      let socketAddress: SocketAddress
      switch address {
      case .unix(let path): socketAddress = SocketAddress(unixPath: path)
      case .tcp(let endpoint):
        guard
          let literal = SocketAddress(
            ip: endpoint.host == "localhost" ? "127.0.0.1" : endpoint.host, port: endpoint.port)
        else {
          throw Failure(description: "cannot listen on \(address): give an IP address of this machine, not a name")
        }
        socketAddress = literal
      }
      do throws(SystemError) {
        let fd = try Sockets.listen(on: socketAddress)
        var bound = socketAddress
        if socketAddress.port == 0, let port = Sockets.localPort(fd) {
          bound = SocketAddress(ip: socketAddress.host, port: port) ?? socketAddress
        }
        sockets.append((bound, fd))
      } catch {
        throw Failure(description: "cannot listen on \(address): \(error); choose another with --listen")
      }
    }
  }

  /// Starts to take connections from the queue.
  /// - Parameter take: gets each connection, with the place of the address that it came through.
  func accept(_ take: @escaping (Int32, Int) -> Void) {
    sources = sockets.enumerated().map { index, socket in
      IOSource(on: loop, fd: socket.fd, for: .readable) { [unowned self] in
        self.acceptSome(on: socket.fd, index, take)
      }
    }
  }

  /// Stops listening.
  func close() {
    sources = []
    pause = nil
    for (address, fd) in sockets {
      Gate.close(fd)
      if address.port == nil { unlink(address.host) }
    }
    sockets = []
  }

  private func acceptSome(on fd: Int32, _ index: Int, _ take: @escaping (Int32, Int) -> Void) {
    // A bounded number a turn: signals and discovery want their turn too.
    for _ in 0..<64 {
      switch Sockets.accept(on: fd) {
      case .connection(let connection): take(connection, index)
      case .none: return
      case .exhausted(let error):
        onExhausted(error)
        // The queue stays readable: without a pause this would spin.
        sources = []
        pause = TimerSource(on: loop, after: 0.1) { [unowned self] in self.accept(take) }
        return
      }
    }
  }
}
