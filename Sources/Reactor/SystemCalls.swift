import CLibev
import Glibc

/// What a transfer on a non-blocking descriptor came to.
@frozen
public enum Transfer: Equatable, Sendable {
  /// So many bytes moved; more than none.
  case moved(Int)
  /// Nothing can move now.
  case wouldBlock
  /// The peer has closed its side. Reads only.
  case endOfStream
  /// The connection is broken; the code is `errno`.
  case failed(SystemError)
}

/// A system call's `errno`, with the system's own words.
@frozen
public struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
  public let code: Int32
  @inlinable
  public init(code: Int32) { self.code = code }
  /// The error that the calling thread's last system call left.
  static var last: SystemError { SystemError(code: errno) }

  public var description: String {
    switch code {
    case ECONNREFUSED: "connection refused"
    case ECONNRESET: "connection reset by peer"
    case ETIMEDOUT: "timed out"
    case EHOSTUNREACH: "no route to host"
    case ENETUNREACH: "network unreachable"
    case EADDRINUSE: "address already in use"
    case EACCES: "permission denied"
    case EADDRNOTAVAIL: "address not available"
    case EMFILE, ENFILE: "too many open files"
    default: String(cString: strerror(code))
    }
  }
}

/// The gate: every transfer of bytes on a socket goes through here, so EINTR, EAGAIN and errno are judged in one place.
public enum Gate {
  @inlinable @inline(__always)
  public static func receive(_ fd: Int32, into buffer: UnsafeMutableRawPointer, atMost count: Int) -> Transfer {
    while true {
      let moved = recv(fd, buffer, count, 0)
      if moved > 0 { return .moved(moved) }
      if moved == 0 { return .endOfStream }
      let code = errno
      if code == EINTR { continue }
      return code == EAGAIN || code == EWOULDBLOCK ? .wouldBlock : .failed(SystemError(code: code))
    }
  }

  @inlinable @inline(__always)
  public static func send(_ fd: Int32, _ bytes: UnsafeRawPointer, count: Int) -> Transfer {
    while true {
      let moved = Glibc.send(fd, bytes, count, Int32(MSG_NOSIGNAL))
      if moved >= 0 { return moved > 0 ? .moved(moved) : .wouldBlock }
      let code = errno
      if code == EINTR { continue }
      return code == EAGAIN || code == EWOULDBLOCK ? .wouldBlock : .failed(SystemError(code: code))
    }
  }

  /// How many bytes wait in the descriptor's receive queue.
  public static func pendingInput(_ fd: Int32) -> Int {
    var count: Int32 = 0
    return ioctl(fd, UInt(FIONREAD), &count) == 0 ? Int(count) : 0
  }

  /// Whether the peer has closed its side or the connection is broken, whatever still waits to be read before that.
  public static func isHungUp(_ fd: Int32) -> Bool {
    // POLLRDHUP, which glibc's header has for C programs that define _GNU_SOURCE.
    let sendsNoMore: Int16 = 0x2000
    var entry = pollfd(fd: fd, events: sendsNoMore, revents: 0)
    return poll(&entry, 1, 0) == 1
  }

  /// Tells the other side that nothing more comes.
  public static func endSending(_ fd: Int32) { _ = shutdown(fd, Int32(SHUT_WR)) }

  public static func close(_ fd: Int32) { _ = Glibc.close(fd) }

  /// Closes so that what the kernel has not delivered yet never will be.
  public static func abort(_ fd: Int32) {
    var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
    close(fd)
  }
}
