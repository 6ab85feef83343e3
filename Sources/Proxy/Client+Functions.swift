import Commands
import RESP
import Reactor
import Routing

// FCALL. Whether a function writes is not in the request, and may change at any moment. But of one that is not flagged
// `no-writes` the server refuses the read-only form of the call before it starts: so that form is asked of a replica, as a
// read, and whoever gets an error to it is asked again in the client's own form, on the primary.
extension UnsafeMutablePointer where Pointee == Client {
  /// Takes FCALL or FCALL_RO. False: not now, the client is parked.
  func callFunction(_ spec: CommandSpec, _ request: UnsafeRawBufferPointer) -> Bool {
    let trial: [UInt8]
    if !spec.flags.contains(.readonly) {
      guard mayTryFunction(request), let found = FunctionTrial.of(request) else { return forward(spec, request) }
      trial = found
      pointee.hasTriedFunction = true
    } else {
      guard FunctionTrial.isOne(request) else { return forward(spec, request) }
      // A client that happens to spell it as the ambassador does wants nothing else than what it says.
      trial = FunctionTrial.respelled(request)
    }
    // What was scanned stays for when the client goes on, if it is parked.
    let scanner = pointee.scanner
    defer { pointee.scanner = scanner }
    pointee.scanner.reset()
    return trial.withUnsafeBytes { bytes in
      guard pointee.scanner.scan(bytes) == .complete, pointee.scanner.isNameKnown else { return true }
      let name = pointee.scanner.name
      return forward(pointee.worker.lookup(UnsafeRawBufferPointer(rebasing: bytes[name.offset..<name.end])), bytes)
    }
  }

  private func mayTryFunction(_ request: UnsafeRawBufferPointer) -> Bool {
    // Behind others on the primary there is nothing to gain.
    guard pointee.outstanding == 0 || pointee.lane.map({ !$0.pointee.node.pointee.isPrimary }) ?? true,
      request.count <= Limits.largeRequest, pointee.scanner.isSecondKnown
    else { return false }
    let name = pointee.scanner.second
    return pointee.worker.triesFunction(
      UnsafeRawBufferPointer(rebasing: request[name.offset..<name.end]), pointee.rules.policy)
  }
}

extension UnsafeMutablePointer where Pointee == Worker {
  /// Whether a replica is asked whether the function of this name is one that it can run.
  func triesFunction(_ name: UnsafeRawBufferPointer, _ policy: ReadPolicy) -> Bool {
    (policy == .preferReplica || policy == .any) && !pointee.fitReplicas.isEmpty && pointee.postponement == nil
      && !pointee.writingFunctions.remembers(name, now: pointee.loop.now)
  }
}

extension UnsafeMutablePointer where Pointee == Lane {
  /// What to ask of the primary instead of a call that was tried here and answered with an error; nothing, if this is the
  /// client's answer.
  func call(
    instead request: UnsafeRawBufferPointer, _ error: ReplyError, _ reply: UnsafeRawBufferPointer
  ) -> [UInt8]? {
    guard reply.first == UInt8(ascii: "-"), FunctionTrial.isOne(request) else { return nil }
    let worker = pointee.worker
    if error == .readOnly || reply.starts(with: FunctionTrial.refusal.utf8) {
      guard let name = RequestArguments(request).dropFirst().first(where: { _ in true }) else { return nil }
      worker.pointee.writingFunctions.remember(
        UnsafeRawBufferPointer(rebasing: request[name.offset..<name.end]), now: worker.pointee.loop.now)
    } else if worker.primaryLane(pointee.set) == nil {
      // It was executed, and has failed; or nobody can say better.
      return nil
    }
    return FunctionTrial.undone(request)
  }
}

/// The read-only form of a call that a client has made in the other one. It is told from a client's own by its spelling,
/// which RESP leaves free: so it needs no mark wherever it may go, and ``UnsafeMutablePointer/callFunction(_:_:)`` lets no
/// client's pass that is spelled so.
enum FunctionTrial {
  private static let spelling = "$8\r\nFCALL_Ro"
  /// How a primary refuses it; a replica says that it takes no writes. Text as sent by redis-server 7.0.15.
  static let refusal = "-ERR Can not execute a script with write flag using *_ro command."

  /// The trial of a request; nothing, if it does not begin as FCALL does.
  static func of(_ request: UnsafeRawBufferPointer) -> [UInt8]? {
    guard let start = nameStart(request), request[start...].starts(with: "$5\r\n".utf8) else { return nil }
    return replacing(start, 4 + 5, by: spelling, in: request)
  }

  static func isOne(_ request: UnsafeRawBufferPointer) -> Bool {
    nameStart(request).map { request[$0...].starts(with: spelling.utf8) } ?? false
  }

  /// The request that it was made of.
  static func undone(_ trial: UnsafeRawBufferPointer) -> [UInt8]? {
    nameStart(trial).map { replacing($0, spelling.utf8.count, by: "$5\r\nFCALL", in: trial) }
  }

  /// The same request, as a client's own.
  static func respelled(_ trial: UnsafeRawBufferPointer) -> [UInt8] {
    nameStart(trial).map { replacing($0, spelling.utf8.count, by: "$8\r\nFCALL_RO", in: trial) } ?? Array(trial)
  }

  /// Where the name's length stands.
  private static func nameStart(_ request: UnsafeRawBufferPointer) -> Int? {
    request.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 }
  }

  private static func replacing(
    _ start: Int, _ count: Int, by name: String, in request: UnsafeRawBufferPointer
  ) -> [UInt8] {
    Array(request[..<start]) + Array(name.utf8) + Array(request[(start + count)...])
  }
}
