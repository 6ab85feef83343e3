import Glibc
import RESP
import Reactor

/// Speaks to the control socket of an ambassador, waiting for each answer. For the command line.
///
/// The descriptor is open from `init` to `deinit`.
public final class ControlClient {
  /// Why there is no answer, as one sentence.
  public struct Failure: Error, CustomStringConvertible {
    public let description: String
    /// The connection has ended; the ambassador may be gone.
    public let isLost: Bool
  }

  /// How long an answer may take, in seconds.
  public static let patience = 30.0
  /// The longest answer that is believed.
  private static let longestAnswer = 256 << 20

  private let fd: Int32
  private let path: String
  private var input: [UInt8] = []

  /// Connects.
  public init(path: String) throws(Failure) {
    self.path = path
    do throws(SystemError) {
      fd = try Sockets.connect(to: SocketAddress(unixPath: path))
    } catch {
      let why =
        switch error.code {
        case ENOENT: "there is no such socket"
        case ECONNREFUSED: "nobody listens there any more"
        case EACCES: "this user may not connect to it"
        default: "\(error)"
        }
      throw Failure(
        description: "no ambassador at \(path): \(why); is redis-amb running, with admin.socket there? (--socket PATH)",
        isLost: true)
    }
  }

  deinit { Gate.close(fd) }

  /// Asks, and waits for the answer.
  /// - Parameter meanwhile: called with what comes as a push before the answer, which is only after `HELLO 3`.
  /// - Throws: when the answer is an error, in the ambassador's words, or when there is none.
  public func call(_ words: [[UInt8]], meanwhile: (Document) -> Void = { _ in }) throws(Failure) -> Document {
    var request: [UInt8] = []
    RequestWriter.append(words, to: &request)
    try send(request)
    let reply = try receive(meanwhile)
    guard case .success(let document) = reply else {
      guard case .failure(let error) = reply else { throw lost("it sent no RESP") }
      throw Failure(description: error.text, isLost: false)
    }
    return document
  }

  /// The same, with words.
  public func call(_ words: String...) throws(Failure) -> Document { try call(words.map { Array($0.utf8) }) }

  /// Waits until the other side ends, for so many seconds at the most. Says whether it did.
  public func waitForEnd(within seconds: Double) -> Bool {
    let deadline = EventLoop.now + seconds
    while EventLoop.now < deadline {
      guard wait(POLLIN, until: deadline) else { return false }
      switch receiveSome() {
      case .endOfStream, .failed: return true
      case .moved, .wouldBlock: continue
      }
    }
    return false
  }

  private func lost(_ why: String) -> Failure {
    Failure(description: "lost the ambassador at \(path): \(why)", isLost: true)
  }

  private func send(_ bytes: [UInt8]) throws(Failure) {
    var sent = 0
    let deadline = EventLoop.now + Self.patience
    while sent < bytes.count {
      let outcome = bytes.withUnsafeBytes { bytes -> Transfer in
        guard let base = bytes.baseAddress else { return .endOfStream }
        return Gate.send(fd, base + sent, count: bytes.count - sent)
      }
      switch outcome {
      case .moved(let count): sent += count
      case .wouldBlock:
        if !wait(POLLOUT, until: deadline) { throw lost("it takes no command within \(Int(Self.patience)) s") }
      case .endOfStream: throw lost("it closed the connection")
      case .failed(let error):
        throw lost(error.code == EPIPE ? "it closed the connection" : error.description)
      }
    }
  }

  private func receive(
    _ meanwhile: (Document) -> Void
  ) throws(Failure) -> Result<Document, Document.ErrorReply>? {
    var scanner = ReplyScanner()
    let deadline = EventLoop.now + Self.patience
    while true {
      switch input.withUnsafeBytes({ scanner.scan($0) }) {
      case .complete:
        let isPush = input.first == UInt8(ascii: ">")
        let reply = Document.parse(input[..<scanner.position])
        input.removeFirst(scanner.position)
        guard isPush else { return reply }
        if case .success(let document) = reply { meanwhile(document) }
        scanner = ReplyScanner()
        continue
      case .malformed, .inline: throw lost("it sent no RESP")
      case .needMore: break
      }
      guard wait(POLLIN, until: deadline) else { throw lost("no answer within \(Int(Self.patience)) s") }
      switch receiveSome() {
      case .moved, .wouldBlock: break
      case .endOfStream: throw lost("it closed the connection")
      case .failed(let error): throw lost(error.description)
      }
      if input.count > Self.longestAnswer { throw lost("its answer is too long") }
    }
  }

  private func receiveSome() -> Transfer {
    withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 1) { room in
      guard let base = room.baseAddress else { return .wouldBlock }
      let outcome = Gate.receive(fd, into: base, atMost: room.count)
      if case .moved(let count) = outcome { input += room[..<count] }
      return outcome
    }
  }

  private func wait(_ event: Int32, until deadline: Double) -> Bool {
    var entry = pollfd(fd: fd, events: Int16(event), revents: 0)
    while true {
      let left = deadline - EventLoop.now
      guard left > 0 else { return false }
      let count = poll(&entry, 1, Int32(min(left, 1000) * 1000) + 1)
      if count > 0 { return true }
      if count < 0, errno != EINTR { return false }
    }
  }
}
