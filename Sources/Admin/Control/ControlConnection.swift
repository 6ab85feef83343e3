import RESP
import Reactor

/// A client of the control socket.
///
/// One request at a time: while one waits for its answer, or an answer waits to be read, nothing further is taken.
/// Invariant: the descriptor is open until `isClosed`.
final class ControlConnection {
  /// The longest request, in bytes.
  static let longestRequest = 64 << 10
  /// How long an answer may lie unread, in seconds.
  static let patience = 10.0

  private let fd: Int32
  private let loop: EventLoop
  private let commands: ControlCommands
  private let onEnd: () -> Void
  private var scanner = RequestScanner(maxBulkLength: ControlConnection.longestRequest)
  private var input: [UInt8] = []
  private var output: [UInt8] = []
  private var version = RESPVersion.two
  private var readSource: IOSource?
  private var writeSource: IOSource?
  private var deadline: TimerSource?
  private var isFinishing = false
  private var isClosed = false
  private var isProcessing = false
  private(set) var isAwaiting = false
  private(set) var lastActivity: Double

  /// - Parameter onEnd: called once when it ends by itself.
  init(_ fd: Int32, on loop: EventLoop, commands: ControlCommands, onEnd: @escaping () -> Void) {
    self.fd = fd
    self.loop = loop
    self.commands = commands
    self.onEnd = onEnd
    lastActivity = loop.now
    watch()
  }

  deinit { close() }

  /// Closes, and tells its owner.
  func end() {
    guard !isClosed else { return }
    close()
    onEnd()
  }

  func close() {
    guard !isClosed else { return }
    isClosed = true
    readSource = nil
    writeSource = nil
    deadline = nil
    Gate.close(fd)
  }

  /// Waits for what can be done next: input only while there is nothing else to do.
  private func watch() {
    guard !isClosed else { return }
    if output.isEmpty {
      writeSource = nil
      deadline = nil
    } else if writeSource == nil {
      writeSource = IOSource(on: loop, fd: fd, for: .writable) { [unowned self] in self.writable() }
      deadline = patienceTimer()
    }
    if isAwaiting || !output.isEmpty || isFinishing {
      readSource = nil
    } else if readSource == nil {
      readSource = IOSource(on: loop, fd: fd, for: .readable) { [unowned self] in self.readable() }
    }
  }

  private func patienceTimer() -> TimerSource {
    TimerSource(on: loop, after: Self.patience) { [unowned self] in self.end() }
  }

  private func readable() {
    lastActivity = loop.now
    let outcome = withUnsafeTemporaryAllocation(byteCount: 16 << 10, alignment: 1) { room -> Transfer in
      guard let base = room.baseAddress else { return .wouldBlock }
      let outcome = Gate.receive(fd, into: base, atMost: room.count)
      if case .moved(let count) = outcome { input += room[..<count] }
      return outcome
    }
    switch outcome {
    case .moved: process()
    case .wouldBlock: break
    case .endOfStream, .failed: end()
    }
  }

  private func writable() {
    let before = output.count
    flush()
    // Whoever reads, however slowly, is given time again.
    if !isClosed, output.count < before { deadline = patienceTimer() }
    process()
  }

  /// Runs what was asked as far as it can go now.
  private func process() {
    guard !isProcessing else { return }
    isProcessing = true
    while !isClosed, !isFinishing, !isAwaiting, output.isEmpty, let words = nextRequest() {
      if !words.isEmpty { run(words) }
    }
    isProcessing = false
    if isFinishing, output.isEmpty { return end() }
    watch()
  }

  /// The words of the next request, none for an empty one; nothing when there is no whole one.
  private func nextRequest() -> [[UInt8]]? {
    guard !input.isEmpty else { return nil }
    let (progress, words) = input.withUnsafeBytes { bytes -> (ScanProgress, [[UInt8]]?) in
      switch scanner.scan(bytes) {
      case .complete:
        let request = UnsafeRawBufferPointer(rebasing: bytes[..<scanner.position])
        return (.complete, RequestArguments(request).map { Array(request[$0.offset..<$0.end]) })
      case .inline:
        let line = UnsafeRawBufferPointer(rebasing: bytes[..<scanner.position])
        return (.inline, try? InlineCommand.arguments(of: line))
      case let other: return (other, nil)
      }
    }
    switch progress {
    case .needMore:
      if input.count >= Self.longestRequest { refuse("ERR Protocol error: a request longer than 64 KiB") }
      return nil
    case .malformed:
      isFinishing = true
      scanner.error?.appendReply(to: &output)
      flush()
      return nil
    case .complete, .inline:
      guard let words else {
        refuse("ERR Protocol error: unbalanced quotes in request")
        return nil
      }
      input.removeFirst(scanner.position)
      scanner.reset()
      return words
    }
  }

  private func run(_ words: [[UInt8]]) {
    let texts = words.map { String(decoding: $0, as: UTF8.self) }
    let name = texts[0].uppercased()
    switch name {
    case "QUIT":
      isFinishing = true
      return send(.status("OK"))
    case "HELLO": return hello(texts)
    default: break
    }
    guard let command = commands.find(name) else {
      return send(.failure("ERR unknown command '\(texts[0].prefix(64))'; COMMANDS lists them"))
    }
    if texts.count == 2, texts[1].uppercased() == "HELP", !command.isHidden { return send(commands.help(name)) }
    guard command.count.contains(texts.count - 1) else {
      return send(.failure("ERR wrong number of arguments; it is: \(command.usage)"))
    }
    isAwaiting = true
    let push = { [weak self] (words: [String]) in if let self, !self.isClosed { self.push(words) } }
    command.run(
      ControlRequest(Array(words.dropFirst()), push: version == .three ? push : nil) { [weak self] reply in
        guard let self, !self.isClosed else { return }
        self.isAwaiting = false
        self.send(reply)
        self.process()
      })
  }

  /// What is told before an answer.
  private func push(_ words: [String]) {
    output += Array(">\(words.count)\r\n".utf8)
    for word in words { ReplyWriter.appendBulk(word, to: &output) }
    flush()
    watch()
  }

  /// Only the version is heard: there are no users here, the file's permissions decide.
  private func hello(_ words: [String]) {
    switch words.count > 1 ? words[1] : version == .three ? "3" : "2" {
    case "2": version = .two
    case "3": version = .three
    default: return send(.failure("NOPROTO unsupported protocol version"))
    }
    send(.document(["server": "redis-amb", "proto": .integer(version == .three ? 3 : 2), "mode": "control"]))
  }

  private func refuse(_ text: String) {
    isFinishing = true
    send(.failure(text))
  }

  private func send(_ reply: ControlReply) {
    reply.append(to: &output, version)
    flush()
  }

  private func flush() {
    guard !isClosed, !output.isEmpty else { return }
    switch output.withUnsafeBytes({ bytes -> Transfer in
      guard let base = bytes.baseAddress else { return .wouldBlock }
      return Gate.send(fd, base, count: bytes.count)
    }) {
    case .moved(let count): output.removeFirst(count)
    case .wouldBlock, .endOfStream: break
    case .failed: end()
    }
  }
}
