import Reactor

/// One attempt to talk to one node: connects, then asks batches of commands, each within a deadline.
///
/// A fresh one is made for each attempt. After `onEnd` was called once it does nothing more.
final class NodeConnection {
  private let loop: EventLoop
  private let fd: Int32
  private let codec: RedisCodec
  private var readSource: IOSource?
  private var writeSource: IOSource?
  private var deadline: TimerSource?
  private var unsent: [UInt8] = []
  private var expected = 0
  private var replies: [RedisReply] = []
  private var completion: (([RedisReply]) -> Void)?
  private var onEnd: ((String) -> Void)?
  /// Takes replies that nobody asked for; without it they end the connection.
  var onPush: ((RedisReply) -> Void)?

  /// - Parameter onEnd: called at most once, with the reason, when the connection is lost, late or malformed.
  init(
    on loop: EventLoop, to address: SocketAddress, connectTimeout: Double, onConnect: @escaping () -> Void,
    onEnd: @escaping (String) -> Void
  ) throws(SystemError) {
    guard let codec = RedisCodec() else { throw SystemError(code: 12) }
    self.loop = loop
    self.codec = codec
    fd = try Sockets.connect(to: address)
    self.onEnd = onEnd
    setDeadline(connectTimeout, "no answer to a connection attempt")
    writeSource = IOSource(on: loop, fd: fd, for: .writable) { [unowned self] in
      if let error = Sockets.connectError(self.fd) { return self.end(error.description) }
      self.writeSource = nil
      self.deadline = nil
      self.readSource = IOSource(on: loop, fd: self.fd, for: .readable) { [unowned self] in self.read() }
      onConnect()
    }
  }

  deinit {
    readSource = nil
    writeSource = nil
    Gate.close(fd)
  }

  /// Sends commands together and calls `completion` with as many replies.
  func ask(_ commands: [[[UInt8]]], within seconds: Double, completion: @escaping ([RedisReply]) -> Void) {
    guard onEnd != nil else { return }
    self.completion = completion
    expected = commands.count
    replies = []
    unsent += commands.flatMap(RedisCodec.format)
    setDeadline(seconds, "no answer")
    write()
  }

  /// Ends it without a word.
  func cancel() {
    onEnd = nil
    onPush = nil
    completion = nil
    readSource = nil
    writeSource = nil
    deadline = nil
  }

  private func setDeadline(_ seconds: Double, _ what: String) {
    deadline = TimerSource(on: loop, after: seconds) { [unowned self] in
      self.end("\(what) within \(Int(seconds * 1000)) ms")
    }
  }

  private func end(_ why: String) {
    let handler = onEnd
    cancel()
    handler?(why)
  }

  private func write() {
    let outcome = unsent.withUnsafeBytes { bytes -> Transfer in
      guard let base = bytes.baseAddress else { return .wouldBlock }
      return Gate.send(fd, base, count: bytes.count)
    }
    switch outcome {
    case .moved(let count): unsent.removeFirst(count)
    case .wouldBlock, .endOfStream: break
    case .failed(let error): return end(error.description)
    }
    if unsent.isEmpty {
      writeSource = nil
    } else if writeSource == nil {
      writeSource = IOSource(on: loop, fd: fd, for: .writable) { [unowned self] in self.write() }
    }
  }

  private func read() {
    withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 1) { buffer in
      guard let base = buffer.baseAddress else { return }
      switch Gate.receive(fd, into: base, atMost: buffer.count) {
      case .moved(let count): take(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      case .wouldBlock: break
      case .endOfStream: end("it closed the connection")
      case .failed(let error): end(error.description)
      }
    }
  }

  private func take(_ bytes: UnsafeRawBufferPointer) {
    do throws(RedisCodec.Failure) {
      replies += try codec.feed(bytes)
    } catch {
      if case .malformed(let why) = error { end("its reply is malformed: \(why)") }
      return
    }
    if expected > 0, replies.count >= expected {
      let (answered, handler) = (Array(replies.prefix(expected)), completion)
      replies.removeFirst(expected)
      expected = 0
      completion = nil
      deadline = nil
      handler?(answered)
    }
    guard expected == 0, !replies.isEmpty, onEnd != nil else { return }
    guard onPush != nil else { return end("it sent what nobody asked for") }
    let pushed = replies
    replies = []
    for push in pushed { onPush?(push) }
  }
}
