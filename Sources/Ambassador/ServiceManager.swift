import Glibc
import Reactor

/// Tells the service manager that started the process how it is: systemd's protocol, one datagram a notice, sent where
/// `NOTIFY_SOCKET` says. Without that variable nothing is sent.
struct ServiceManager {
  private let socket: String?

  /// - Parameter socket: where notices go, a path or `@` and an abstract name.
  init(socket: String? = getenv("NOTIFY_SOCKET").map { String(cString: $0) }) {
    self.socket = socket.flatMap { $0.hasPrefix("/") || $0.hasPrefix("@") ? $0 : nil }
  }

  /// Clients are accepted.
  func ready(_ status: String) { tell("READY=1\n\(status: status)") }

  /// A reload begins; ``ready(_:)`` says that it is over.
  func reloading() {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    tell("RELOADING=1\nMONOTONIC_USEC=\(time.tv_sec * 1_000_000 + time.tv_nsec / 1000)")
  }

  /// The process ends, in `seconds` at the latest.
  func stopping(_ status: String, within seconds: Double) {
    tell("STOPPING=1\nEXTEND_TIMEOUT_USEC=\(Int((seconds + 5) * 1_000_000))\n\(status: status)")
  }

  /// One line about how it is, for `systemctl status`.
  func status(_ line: String) { tell("\(status: line)") }

  /// A manager that does not listen is no reason to fail.
  private func tell(_ notice: String) {
    guard let socket else { return }
    try? Sockets.send(notice, toDatagramSocket: socket)
  }
}

extension DefaultStringInterpolation {
  /// `STATUS=` with a text that stays one line.
  fileprivate mutating func appendInterpolation(status: String) {
    appendLiteral("STATUS=" + String(status.map { $0.isNewline ? " " : $0 }))
  }
}
