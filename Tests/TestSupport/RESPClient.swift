import Glibc

/// A blocking client on a raw socket. Everything has a deadline; nothing is done behind the test's back, not even HELLO.
///
/// One thread at a time may send and one may receive.
public final class RESPClient: @unchecked Sendable {
  /// One reply, as it came and as it reads.
  public struct Reply: Sendable {
    public let bytes: [UInt8]
    public let value: RESPValue
  }

  /// The other side closed the connection, politely or with a reset.
  public struct Closed: Error, CustomStringConvertible {
    public let description: String
  }

  private let host: String
  public let port: UInt16
  /// How long any one call may take.
  public var patience: Duration
  private var descriptor: Int32
  private var buffer: [UInt8] = []
  private var position = 0
  private var chunk = [UInt8](repeating: 0, count: 65536)

  /// `receiveBuffer` is set before connecting, so that the kernel advertises a window that small.
  public init(
    host: String = Place.here.host, port: UInt16, receiveBuffer: Int? = nil, patience: Duration = Deadline.patience
  ) throws {
    self.host = host
    self.port = port
    self.patience = patience
    descriptor = try LoopbackSocket.make()
    if let receiveBuffer { LoopbackSocket.set(SO_RCVBUF, to: Int32(receiveBuffer), on: descriptor) }
    LoopbackSocket.set(TCP_NODELAY, at: Int32(IPPROTO_TCP), to: 1, on: descriptor)
    do { try connect() } catch {
      close()
      throw error
    }
  }

  /// Connects to a Unix socket.
  public init(unixPath path: String, patience: Duration = Deadline.patience) throws {
    host = path
    port = 0
    self.patience = patience
    descriptor = try LoopbackSocket.make(family: AF_UNIX)
    guard LoopbackSocket.connect(descriptor, toUnixPath: path) else {
      let failure = systemFailure("connect to \(path)")
      close()
      throw failure
    }
  }

  /// Takes over one end of a connection that exists.
  public init(adopting descriptor: Int32, patience: Duration = Deadline.patience) {
    host = "descriptor \(descriptor)"
    port = 0
    self.patience = patience
    self.descriptor = descriptor
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
  }

  deinit { close() }

  private func connect() throws {
    let deadline = Deadline(within: patience)
    let status = LoopbackSocket.withAddress(host: host, port: port) { Glibc.connect(descriptor, $0, $1) }
    if status == 0 { return }
    guard errno == EINPROGRESS || errno == EINTR else { throw systemFailure("connect to \(port)") }
    try wait(for: POLLOUT, until: deadline, doing: "connect to \(port)")
    var error = Int32()
    var size = socklen_t(MemoryLayout<Int32>.size)
    getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size)
    if error != 0 { throw systemFailure("connect to \(port)", error) }
  }

  private func wait(for event: Int32, until deadline: Deadline, doing: String) throws {
    var entry = pollfd(fd: descriptor, events: Int16(event), revents: 0)
    while true {
      let count = poll(&entry, 1, deadline.milliseconds)
      if count > 0 { return }
      if count == 0 || deadline.isOver { throw Failure("timed out after \(patience): \(doing)") }
    }
  }
}

// MARK: - Sending

extension RESPClient {
  public func send(_ text: String) throws { try send(Array(text.utf8)) }

  public func send(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { try send($0) }
  }

  public func send(_ bytes: UnsafeRawBufferPointer) throws {
    let deadline = Deadline(within: patience)
    var sent = 0
    while sent < bytes.count {
      let count = try sendSome(UnsafeRawBufferPointer(rebasing: bytes[sent...]))
      sent += count
      if count == 0 { try wait(for: POLLOUT, until: deadline, doing: "send, \(sent) of \(bytes.count) bytes gone") }
    }
  }

  /// What the kernel takes at once; 0 when it takes nothing now.
  public func sendSome(_ bytes: UnsafeRawBufferPointer) throws -> Int {
    let count = retryingInterrupts { Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL)) }
    if count >= 0 { return count }
    if errno == EAGAIN { return 0 }
    if errno == EPIPE || errno == ECONNRESET { throw Closed(description: "closed by \(port) while sending") }
    throw systemFailure("send")
  }

  /// No more from us, still listening.
  public func halfClose() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Whether the other side's kernel has acknowledged that nothing more comes.
  public var isEndAcknowledged: Bool {
    var info = [UInt8](repeating: 0, count: 256)
    var length = socklen_t(info.count)
    // In Linux's tcp.h, which Glibc's module leaves out.
    let tcpInfo: Int32 = 11
    guard getsockopt(descriptor, Int32(IPPROTO_TCP), tcpInfo, &info, &length) == 0 else { return true }
    // The first byte is the state: established, or FIN-WAIT-1.
    return info[0] != 1 && info[0] != 4
  }

  /// Ends the connection under the hands of a thread that waits for a reply.
  public func shutDown() { shutdown(descriptor, Int32(SHUT_RDWR)) }

  public func close() {
    if descriptor >= 0 { Glibc.close(descriptor) }
    descriptor = -1
  }

  /// Close with a reset, as a process that crashes with unread data does.
  public func abort() {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    close()
  }
}

// MARK: - Receiving

extension RESPClient {
  /// Exactly one reply.
  public func reply() throws -> Reply {
    discardRead()
    let start = position
    let value = try parse(until: Deadline(within: patience))
    return Reply(bytes: Array(buffer[start..<position]), value: value)
  }

  public func replies(_ count: Int) throws -> [RESPValue] {
    try (0..<count).map { index in
      do { return try reply().value } catch { throw Failure("reply \(index) of \(count): \(error)") }
    }
  }

  /// All bytes until the other side closes; fails when it does not.
  public func bytesUntilClosed() throws -> [UInt8] {
    let deadline = Deadline(within: patience)
    discardRead()
    do {
      while true { try receive(until: deadline) }
    } catch is Closed {
      defer { position = buffer.count }
      return Array(buffer[position...])
    }
  }

  /// Takes what is there, waiting for at least one byte, and says how much it was.
  public func receiveSome(atMost limit: Int = .max) throws -> Int {
    if position == buffer.count {
      discardRead()
      try receive(until: Deadline(within: patience), atMost: limit)
    }
    let count = min(buffer.count - position, limit)
    position += count
    return count
  }

  /// A bulk string of any size, without keeping it: `visit` sees the pieces. Returns its length.
  public func streamBulk(_ visit: (UnsafeRawBufferPointer) throws -> Void) throws -> Int {
    discardRead()
    let header = try line(until: Deadline(within: patience))
    guard header.hasPrefix("$"), let length = Int(header.dropFirst()), length >= 0 else {
      throw Failure("expected a bulk string, got \(header)")
    }
    var left = length
    while left > 0 {
      if position == buffer.count {
        discardRead()
        try receive(until: Deadline(within: patience))
      }
      let count = min(left, buffer.count - position)
      try buffer.withUnsafeBytes { try visit(UnsafeRawBufferPointer(rebasing: $0[position..<position + count])) }
      position += count
      left -= count
    }
    _ = try take(2, until: Deadline(within: patience))
    return length
  }

  /// Makes room; only between replies, and not for each of a thousand small ones.
  private func discardRead() {
    if position == buffer.count {
      buffer.removeAll(keepingCapacity: buffer.count < 1 << 20)
      position = 0
    } else if position >= 1 << 20 {
      buffer.removeSubrange(..<position)
      position = 0
    }
  }

  private func receive(until deadline: Deadline, atMost limit: Int = .max) throws {
    let length = min(chunk.count, limit)
    while true {
      let count = retryingInterrupts { recv(descriptor, &chunk, length, 0) }
      if count > 0 {
        buffer += chunk[..<count]
        return
      }
      if count == 0 || errno == ECONNRESET {
        throw Closed(description: "closed by \(port), unread: \(buffer[position...].printable)")
      }
      guard errno == EAGAIN else { throw systemFailure("recv") }
      try wait(for: POLLIN, until: deadline, doing: "read from \(port), so far: \(buffer[position...].printable)")
    }
  }

  private func take(_ count: Int, until deadline: Deadline) throws -> ArraySlice<UInt8> {
    while buffer.count - position < count { try receive(until: deadline) }
    defer { position += count }
    return buffer[position..<position + count]
  }

  private func line(until deadline: Deadline) throws -> String {
    var searched = position
    while true {
      let found = buffer.withUnsafeBytes { bytes -> Int? in
        guard bytes.count > searched, let start = bytes.baseAddress else { return nil }
        return memchr(start + searched, 0x0a, bytes.count - searched).map { UnsafeRawPointer($0) - start }
      }
      if let found {
        guard found > position, buffer[found - 1] == 0x0d else {
          throw Failure("a line that ends without CRLF: \(buffer[position...].printable)")
        }
        defer { position = found + 1 }
        return String(decoding: buffer[position..<found - 1], as: UTF8.self)
      }
      searched = buffer.count
      try receive(until: deadline)
    }
  }
}

// MARK: - Parsing

extension RESPClient {
  private func parse(until deadline: Deadline) throws -> RESPValue {
    let line = try line(until: deadline)
    let body = String(line.dropFirst())
    func items(_ factor: Int = 1) throws -> [RESPValue] {
      try (0..<(try number(body, in: line) * factor)).map { _ in try parse(until: deadline) }
    }
    func blob() throws -> [UInt8] {
      let content = Array(try take(try number(body, in: line), until: deadline))
      let end = try take(2, until: deadline)
      guard end.elementsEqual([0x0d, 0x0a]) else {
        throw Failure("\(line) is followed by \(content.printable) and then \(end.printable)")
      }
      return content
    }
    switch line.first {
    case "+": return .simple(body)
    case "-": return .error(body)
    case ":": return .integer(try number(body, in: line))
    case "$": return body == "-1" ? .nullBulk : .bulk(try blob())
    case "*": return body == "-1" ? .nullArray : .array(try items())
    case "_": return .null
    case ",": return .double(body)
    case "#": return .boolean(body == "t")
    case "(": return .bigNumber(body)
    case "!": return .blobError(String(decoding: try blob(), as: UTF8.self))
    case "=": return .verbatim(String(decoding: try blob(), as: UTF8.self))
    case "%": return .map(try items(2))
    case "~": return .set(try items())
    case ">": return .push(try items())
    case "|": return .attributed(try items(2), try parse(until: deadline))
    default: throw Failure("not a reply: \(Array(line.utf8).printable)")
    }
  }

  private func number(_ text: String, in line: String) throws -> Int {
    guard let number = Int(text) else { throw Failure("not a number in \(Array(line.utf8).printable)") }
    return number
  }
}

// MARK: - Calling

extension RESPClient {
  @discardableResult
  public func call(_ arguments: String...) throws -> RESPValue { try call(arguments) }

  @discardableResult
  public func call(_ arguments: [String]) throws -> RESPValue {
    try send(Request.bytes(arguments))
    return try reply().value
  }

  /// All requests in one go, then all replies.
  public func pipeline(_ commands: [[String]]) throws -> [RESPValue] {
    try send(Request.bytes(pipeline: commands))
    return try replies(commands.count)
  }
}
