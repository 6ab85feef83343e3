import Glibc

/// A throw-away redis-server on a port of its own, killed and reaped with the value's owner.
final class RedisServer {
  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  static let path = "/usr/bin/redis-server"
  static var isInstalled: Bool { access(path, X_OK) == 0 }

  let port: UInt16
  /// The shell that keeps the server.
  private let process: pid_t
  /// What the shell's input hangs on: it ends when this is closed, by us or with us.
  private let lifeline: Int32

  /// Runs its arguments as long as its input lasts, so that a test run that is killed leaves no server behind.
  private static let keeper = #""$@" </dev/null & cat >/dev/null; kill -9 $!; wait"#

  /// Starts a server and waits until it answers PING; after ten seconds it gives up.
  init(options: [String] = []) throws {
    port = try Self.freePort()
    let server = [
      Self.path, "--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--dir", "/tmp", "--logfile", "/dev/null",
    ]
    let words = ["/bin/sh", "-c", Self.keeper, "keeper"] + server + options
    let arguments = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw Failure(description: "no pipe") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
    var process: pid_t = 0
    let code = posix_spawn(&process, "/bin/sh", &actions, nil, arguments, environ)
    posix_spawn_file_actions_destroy(&actions)
    close(ends[0])
    guard code == 0 else {
      close(ends[1])
      throw Failure(description: "cannot start redis-server: error \(code)")
    }
    self.process = process
    lifeline = ends[1]
    let deadline = time(nil) + 10
    while time(nil) < deadline {
      // A replica without its primary, or a server with a password, answers with an error: it is there.
      if let answer = try? ask(Array("PING\r\n".utf8)), !answer.isEmpty, !answer.starts(with: "-LOADING".utf8) {
        return
      }
      usleep(50_000)
    }
    throw Failure(description: "redis-server on port \(port) does not answer")
  }

  deinit {
    close(lifeline)
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 && errno == EINTR {}
  }

  /// Sends `bytes` on a new connection, says that no more will come, and returns all that the server answers before it
  /// closes. It answers what it has read before it notices the end.
  func ask(_ bytes: [UInt8]) throws -> [UInt8] {
    try converse(bytes, endsInput: true)
  }

  /// The same, but leaves closing to the server; nil if it is silent for ten seconds.
  func askUntilClosed(_ bytes: [UInt8]) throws -> [UInt8]? {
    do {
      return try converse(bytes, endsInput: false)
    } catch let failure as Failure where failure.description == Self.silence {
      return nil
    }
  }

  private static let silence = "no answer for ten seconds"

  private func converse(_ bytes: [UInt8], endsInput: Bool) throws -> [UInt8] {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    var patience = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    let connected = Self.withLoopback(port: port) { connect(socket, $0, $1) }
    guard connected == 0 else { throw Failure(description: "cannot connect to port \(port)") }
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { break }
      sent += count
    }
    if endsInput { shutdown(socket, Int32(SHUT_WR)) }
    var answer: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = recv(socket, &piece, piece.count, 0)
      if count > 0 {
        answer += piece[..<count]
      } else if count < 0 && errno == EAGAIN {
        throw Failure(description: Self.silence)
      } else {
        return answer
      }
    }
  }

  private static func freePort() throws -> UInt16 {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    guard withLoopback(port: 0, { bind(socket, $0, $1) }) == 0 else { throw Failure(description: "no free port") }
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let named = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &length) }
    }
    guard named == 0 else { throw Failure(description: "no free port") }
    return UInt16(bigEndian: address.sin_port)
  }

  private static func withLoopback(port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
  }
}
