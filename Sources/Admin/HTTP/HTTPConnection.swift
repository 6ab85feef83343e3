import Reactor

/// One client of the HTTP server: reads a request, has it answered, writes the answer and ends.
final class HTTPConnection {
  private enum State {
    case reading
    /// The handler has the request.
    case answering(headOnly: Bool)
    case writing
    /// The answer is out; what the client still sends is thrown away until it ends, for closing with bytes unread would
    /// reset the connection, and with it the answer on its way.
    case ending
    case closed
  }

  private let loop: EventLoop
  private let fd: Int32
  private let handler: HTTPServer.Handler
  private let onEnd: (HTTPConnection) -> Void
  private var state = State.reading
  private var input = ByteBuffer()
  private var output = ByteBuffer()
  private var readable: IOSource?
  private var writable: IOSource?
  private var deadline: TimerSource?
  /// Bytes that came after the request.
  private var ignored = 0

  init(
    on loop: EventLoop, fd: Int32, patience: Double, handler: @escaping HTTPServer.Handler,
    onEnd: @escaping (HTTPConnection) -> Void
  ) {
    self.loop = loop
    self.fd = fd
    self.handler = handler
    self.onEnd = onEnd
    deadline = TimerSource(on: loop, after: patience) { [unowned self] in self.close() }
  }

  /// The next move is the client's.
  var isWaitedFor: Bool { if case .answering = state { false } else { true } }

  func start() {
    readable = IOSource(on: loop, fd: fd, for: .readable) { [unowned self] in self.read() }
  }

  /// Ends it now. Later calls do nothing.
  func close() {
    if case .closed = state { return }
    state = .closed
    readable = nil
    writable = nil
    deadline = nil
    Gate.close(fd)
    onEnd(self)
  }

  private func read() {
    let room = input.reserve(2048)
    switch Gate.receive(fd, into: room, atMost: 2048) {
    case .moved(let count):
      guard case .reading = state else { return ignore(count) }
      input.commit(count)
      scan()
    case .wouldBlock: return
    // One that closes its side after the request, as `nc -N` does, still gets the answer.
    case .endOfStream:
      switch state {
      case .reading, .ending, .closed: close()
      case .answering, .writing: readable = nil
      }
    case .failed: close()
    }
  }

  /// A request has no body here; who sends on and on is cut off.
  private func ignore(_ count: Int) {
    ignored += count
    if ignored > Self.ignoredLimit { close() }
  }

  private static let ignoredLimit = 64 << 10

  private func scan() {
    switch HTTPRequest.scan(input.bytes) {
    case .incomplete: return
    case .refused(let status): write(HTTPResponse(status, "\(status.rawValue) \(status.reason)"), headOnly: false)
    case .request(let request):
      state = .answering(headOnly: request.isHead)
      input.release()
      handler(request) { [weak self] response in
        guard let self, case .answering(let headOnly) = self.state else { return }
        self.write(response, headOnly: headOnly)
      }
    }
  }

  private func write(_ response: HTTPResponse, headOnly: Bool) {
    state = .writing
    input.release()
    output.append(response.encoded(headOnly: headOnly))
    writeSome()
  }

  private func writeSome() {
    while let bytes = output.bytes.baseAddress, !output.isEmpty {
      switch Gate.send(fd, bytes, count: output.count) {
      case .moved(let count): output.consume(count)
      case .wouldBlock:
        if writable == nil {
          writable = IOSource(on: loop, fd: fd, for: .writable) { [unowned self] in self.writeSome() }
        }
        return
      case .endOfStream, .failed: return close()
      }
    }
    output.release()
    writable = nil
    guard readable != nil else { return close() }
    state = .ending
    Gate.endSending(fd)
  }
}
