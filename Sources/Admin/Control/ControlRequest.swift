/// A request that came through the control socket and waits for its one answer.
public final class ControlRequest {
  /// The words behind the command's name.
  public let arguments: [String]
  /// The same, as they came.
  public let bytes: [[UInt8]]
  private var deliver: ((ControlReply) -> Void)?
  private let push: (([String]) -> Void)?

  /// - Parameter push: tells the client something before its answer; nothing for one that cannot be told.
  init(_ bytes: [[UInt8]], push: (([String]) -> Void)? = nil, deliver: @escaping (ControlReply) -> Void) {
    self.bytes = bytes
    arguments = bytes.map { String(decoding: $0, as: UTF8.self) }
    self.push = push
    self.deliver = deliver
  }

  deinit { answer(.failure("ERR the command gave no answer")) }

  /// Tells the client lines while it waits for the answer, as a RESP3 push that begins with `kind`. False: it speaks RESP2,
  /// where nothing can come before the answer.
  public func tell(_ kind: String, _ lines: [String]) -> Bool {
    guard let push, deliver != nil else { return false }
    push([kind] + lines)
    return true
  }

  /// Answers. A second answer is dropped, and so is one whose client has gone.
  public func answer(_ reply: ControlReply) {
    let deliver = deliver
    self.deliver = nil
    deliver?(reply)
  }
}

/// What a command of the control socket answers.
public enum ControlReply: Sendable, Equatable {
  /// A line that says that something was done.
  case status(String)
  /// Begins with a code, as Redis's errors do.
  case failure(String)
  /// Lines for a person: in RESP3 one text; in RESP2 a list of lines, which redis-cli shows unquoted.
  case text([String])
  /// Bytes for a program, such as JSON.
  case bulk(String)
  case document(Document)
}
