import RESP
import Reactor

// From a descriptor to a connection that is proven to answer.
extension UnsafeMutablePointer where Pointee == Lane {
  func start(_ fd: Int32) {
    let loop = pointee.worker.pointee.loop
    pointee.fd = fd
    pointee.lastProgress = loop.now
    pointee.readWatcher.prepare(fd: fd, for: .readable, owner: self) { raw, _ in owner(raw, as: Lane.self).readable() }
    pointee.writeWatcher.prepare(fd: fd, for: .writable, owner: self) { raw, _ in owner(raw, as: Lane.self).writable() }
    pointee.writeWatcher.arm(on: loop)
  }

  func writable() {
    let loop = pointee.worker.pointee.loop
    switch pointee.state {
    case .connecting:
      if let error = Sockets.connectError(pointee.fd) { return fail(error.description) }
      pointee.state = .greeting
      pointee.readWatcher.arm(on: loop)
      composeHandshake()
      sendHandshake()
    case .greeting:
      sendHandshake()
    case .ready:
      pointee.writeWatcher.disarm(on: loop)
      flush()
    case .closed:
      break
    }
  }

  /// HELLO or AUTH, SELECT, and a PING that proves that somebody is there: a stopped server still accepts connections.
  private func composeHandshake() {
    var bytes: [UInt8] = []
    var replies = 0
    func command(_ arguments: [[UInt8]]) {
      RequestWriter.append(arguments, to: &bytes)
      replies += 1
    }
    let (worker, identity) = (pointee.worker, pointee.set.pointee.identity)
    // A server that was given up knows nothing of newer ones.
    if !pointee.isHandedOver { pointee.ownCredentials = worker.pointee.identities[0].credentials }
    let credentials =
      identity == 0 ? pointee.ownCredentials : worker.pointee.identities[identity].credentials
    if pointee.set.pointee.protocolVersion == 3 {
      var arguments = [Array("HELLO".utf8), Array("3".utf8)]
      if let credentials {
        let user = credentials.username.isEmpty ? Array("default".utf8) : credentials.username
        arguments += [Array("AUTH".utf8), user, credentials.password]
      }
      command(arguments)
    } else if let credentials {
      command(
        [Array("AUTH".utf8)] + (credentials.username.isEmpty ? [] : [credentials.username]) + [credentials.password])
    }
    if pointee.set.pointee.database != 0 {
      command([Array("SELECT".utf8), Array(String(pointee.set.pointee.database).utf8)])
    }
    command([Array("PING".utf8)])
    pointee.handshake.append(bytes)
    pointee.handshakeReplies = replies
  }

  private func sendHandshake() {
    guard let start = pointee.handshake.bytes.baseAddress else {
      return pointee.writeWatcher.disarm(on: pointee.worker.pointee.loop)
    }
    switch Gate.send(pointee.fd, start, count: pointee.handshake.count) {
    case .moved(let count):
      pointee.handshake.consume(count)
      if pointee.handshake.isEmpty {
        pointee.handshake.release()
        pointee.writeWatcher.disarm(on: pointee.worker.pointee.loop)
      }
    case .wouldBlock, .endOfStream: break
    case .failed(let error): fail(error.description)
    }
  }

  /// Takes the handshake's replies from `bytes`; gives back how many bytes were used.
  func greet(_ bytes: UnsafeRawBufferPointer) -> Int {
    var used = 0
    while pointee.state == .greeting, used < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[used...])
      switch pointee.scanner.scan(rest) {
      case .needMore, .inline: return used
      case .malformed:
        fail("it does not speak RESP")
        return bytes.count
      case .complete:
        let reply = rest[..<pointee.scanner.position]
        let isError = pointee.scanner.kind == UInt8(ascii: "-")
        used += pointee.scanner.position
        pointee.scanner.reset()
        pointee.handshakeReplies -= 1
        // An error to PING (LOADING, MASTERDOWN, NOAUTH...) still proves a live server; to anything else it refuses us.
        if isError && pointee.handshakeReplies > 0 {
          refuseHandshake(String(decoding: reply.dropFirst().prefix { $0 != 13 }, as: UTF8.self))
          return bytes.count
        }
        if pointee.handshakeReplies == 0 { becomeReady() }
      }
    }
    return used
  }

  /// The node is well, but has no connection of this kind for us: not the others' matter, unless it is about our own user.
  private func refuseHandshake(_ why: String) {
    let (set, worker) = (pointee.set, pointee.worker)
    guard !set.pointee.isFirst, let place = worker.pointee.nodes.firstIndex(of: pointee.node) else {
      return fail("it refused the handshake: \(why)")
    }
    // That our own password is wrong, as in the middle of a rotation, tells no client anything.
    let isOurs = set.pointee.identity == 0 && why.hasPrefix("WRONGPASS ")
    let until = worker.pointee.loop.now + Limits.refusalPause
    set.pointee.note(HandshakeRefusal(until: until, words: isOurs ? nil : why), by: place)
    end("it refused the handshake: \(why)", blaming: false)
  }

  private func becomeReady() {
    pointee.state = .ready
    pointee.readySince = pointee.worker.pointee.loop.now
    pointee.worker.isAnswered(by: pointee.node)
    // What was written before this connection was made counts for its reads too.
    pointee.isProofWanted = pointee.isShared
    markDirty()
    if pointee.isShared, pointee.node.pointee.isPrimary, pointee.worker.pointee.absentSince != nil {
      pointee.worker.pointee.succeededAt = pointee.readySince
      pointee.worker.endAbsence()
    }
    if !pointee.node.pointee.isPrimary, !pointee.worker.pointee.holding.isEmpty { pointee.worker.releaseHeld() }
  }
}
