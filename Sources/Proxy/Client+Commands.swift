import Commands
import RESP
import Reactor
import Topology

// Commands that are not simply sent on.
extension UnsafeMutablePointer where Pointee == Client {
  /// Deals with one complete request whose command is not `.forward`. False: it cannot be dealt with now, and the client
  /// is parked.
  func handle(_ spec: CommandSpec, _ request: UnsafeRawBufferPointer) -> Bool {
    let table = pointee.worker.pointee.table
    if pointee.isBarred, !isAllowedWhileBarred(spec) {
      refuseBarred(spec, request)
      return true
    }
    switch spec.handling {
    case .forward:
      return forward(spec, request)
    case .everywhere:
      guard forward(spec, request) else { return false }
      pointee.worker.tellReplicasOfScripts(request, pointee.set)
    case .pinnedIfBlocking:
      return blocks(request) ? beginSession(spec, request) : forward(spec, request)
    case .pinned, .refused:
      // Without a session there is nothing that it could execute, and its errors are of many kinds.
      if spec.session == .exec { return forward(spec, request) }
      // The server counts arguments before anything else, and has other words where it does not know the command.
      guard spec.accepts(argumentCount: pointee.scanner.argumentCount) else {
        if table.isNewer(spec) { return forward(spec, request) }
        reply(error: table.wrongArgumentCount(spec))
        return true
      }
      if spec.session == .discard || spec.session == .unwatch { return forward(spec, request) }
      if spec.handling == .refused || spec.pin == .replication || spec.pin == .debugging {
        reply(refusal(of: spec))
      } else {
        return beginSession(spec, request)
      }
    case .closeSilently:
      close()
    case .local: return answerLocally(spec, request)
    }
    return true
  }

  func answerLocally(_ spec: CommandSpec, _ request: UnsafeRawBufferPointer) -> Bool {
    guard let local = spec.local else { return forward(spec, request) }
    guard spec.accepts(argumentCount: pointee.scanner.argumentCount) else {
      var bytes: [UInt8] = []
      ReplyWriter.appendError(pointee.worker.pointee.table.wrongArgumentCount(spec), to: &bytes)
      refuse(local, bytes)
      return true
    }
    switch permission(to: local, request.count) {
    case .granted: break
    case .refused(let words):
      refuse(local, words)
      return true
    case .unknown: return false
    }
    pointee.lastCommand = spec.id
    return answer(local, arguments(of: request), spec)
  }

  /// An error in the place of an answer. CLIENT REPLY is not muted as the others are, but its errors are.
  private func refuse(_ local: LocalCommand, _ error: [UInt8]) {
    if local == .clientReply, let session = pointee.session { say(error, session) } else { reply(error) }
  }

  /// What a client is told that asks for what a shared connection cannot give.
  func refusal(of spec: CommandSpec) -> [UInt8] {
    let table = pointee.worker.pointee.table
    if let text = table.refusal(of: spec) {
      var bytes: [UInt8] = []
      ReplyWriter.appendError(text, to: &bytes)
      return bytes
    }
    return ProxyRefusal.needsOwnUpstream(
      table.name(of: spec).uppercased(), table.because(spec) ?? "it changes the connection"
    ).bytes
  }

  func forward(_ spec: CommandSpec, _ request: UnsafeRawBufferPointer) -> Bool {
    guard let base = request.baseAddress else { return true }
    var run = RequestRun(start: 0)
    let bytes = base.assumingMemoryBound(to: UInt8.self)
    guard placeAlone(spec, &run, bytes, request.count) else { return false }
    flushRun(&run, bytes, request.count)
    return true
  }

  func blocks(_ request: UnsafeRawBufferPointer) -> Bool {
    var option = BlockOption()
    for span in RequestArguments(request).dropFirst() {
      switch option.consume(UnsafeRawBufferPointer(rebasing: request[span.offset..<span.offset + span.length])) {
      case .blocks: return true
      case .doesNotBlock: return false
      case .undecided: continue
      }
    }
    return false
  }

  func arguments(of request: UnsafeRawBufferPointer) -> [[UInt8]] {
    RequestArguments(request).map { Array(request[$0.offset..<$0.offset + $0.length]) }
  }

  func reply(error text: String) {
    var bytes: [UInt8] = []
    ReplyWriter.appendError(text, to: &bytes)
    reply(bytes)
  }

  /// An error that quotes what the client has sent, as the server's `%s` does: up to the first NUL.
  func reply(error text: String, quoting argument: [UInt8], _ rest: String = "'") {
    var bytes: [UInt8] = []
    ReplyWriter.appendError(Array(text.utf8) + argument.prefix { $0 != 0 } + Array(rest.utf8), to: &bytes)
    reply(bytes)
  }

  func replyOK() { reply(Array("+OK\r\n".utf8)) }

  var version: RESPVersion { pointee.set.pointee.protocolVersion == 3 ? .three : .two }

  private func answer(_ command: LocalCommand, _ arguments: [[UInt8]], _ spec: CommandSpec) -> Bool {
    var bytes: [UInt8] = []
    switch command {
    case .ping:
      if arguments.count > 2 {
        reply(error: "ERR wrong number of arguments for 'ping' command")
      } else if !pointee.worker.isServing {
        reply(pointee.worker.primaryRefusal.bytes)
      } else if arguments.count == 2 {
        ReplyWriter.appendBulk(arguments[1], to: &bytes)
        reply(bytes)
      } else {
        reply(Array("+PONG\r\n".utf8))
      }
    case .echo:
      ReplyWriter.appendBulk(arguments[1], to: &bytes)
      reply(bytes)
    case .hello: return hello(arguments)
    case .select: return select(arguments[1])
    case .reset:
      guard isFreeToSwitch() else { return false }
      resetToDefaults()
      reply(Array("+RESET\r\n".utf8))
    case .quit:
      finish(with: Array("+OK\r\n".utf8))
    case .clientID:
      ReplyWriter.appendInteger(Int(pointee.id), to: &bytes)
      reply(bytes)
    case .clientGetName:
      if pointee.name.isEmpty {
        ReplyWriter.appendNull(version, to: &bytes)
      } else {
        ReplyWriter.appendBulk(pointee.name, to: &bytes)
      }
      reply(bytes)
    case .clientSetName:
      if isValidName(arguments[2]) {
        pointee.name = arguments[2]
        replyOK()
      }
    case .clientSetInfo, .clientCapa:
      replyOK()
    case .auth: return authenticate(arguments)
    case .clientReply: return setReplies(arguments[2])
    case .clientInfo: replyInfo()
    case .clientList: return replyList(arguments)
    case .clientKill: return kill(arguments, spec)
    case .clientUnblock: return unblock(arguments, spec)
    }
    return true
  }

  /// Database and protocol version belong to the lane set; changing it must wait for the replies from the present one.
  private func isFreeToSwitch() -> Bool {
    if pointee.outstanding == 0 { return true }
    park(.order)
    return false
  }

  /// As RESET leaves a connection.
  func resetToDefaults() {
    pointee.name = []
    use(database: 0, protocolVersion: 2)
    forgetUser()
  }

  /// redis-server's rule: printable ASCII without the blank.
  func mayBeName(_ name: [UInt8]) -> Bool { name.allSatisfy { (33...126).contains($0) } }

  /// If it is none, the client is told so.
  private func isValidName(_ name: [UInt8]) -> Bool {
    if mayBeName(name) { return true }
    reply(error: "ERR Client names cannot contain spaces, newlines or special characters.")
    return false
  }

  private func select(_ argument: [UInt8]) -> Bool {
    guard let database = Int(argument: argument) else {
      reply(error: "ERR value is not an integer or out of range")
      return true
    }
    guard Int32(exactly: database) != nil else {
      reply(error: "ERR value is out of range, value must between \(Int32.min) and \(Int32.max)")
      return true
    }
    guard database >= 0, database < pointee.worker.pointee.server.databases else {
      reply(error: "ERR DB index is out of range")
      return true
    }
    guard isFreeToSwitch() else { return false }
    use(database: database)
    replyOK()
    return true
  }

  private func hello(_ arguments: [[UInt8]]) -> Bool {
    var protocolVersion = pointee.set.pointee.protocolVersion
    var name: [UInt8]?
    var who: UpstreamCredentials?
    if arguments.count > 1 {
      guard let number = Int(argument: arguments[1]) else {
        reply(error: "ERR Protocol version is not an integer or out of range")
        return true
      }
      guard number == 2 || number == 3 else {
        reply(error: "NOPROTO unsupported protocol version")
        return true
      }
      protocolVersion = UInt8(number)
    }
    var index = 2
    while index < arguments.count {
      let option = String(decoding: arguments[index], as: UTF8.self).lowercased()
      if option == "setname", index + 1 < arguments.count {
        guard isValidName(arguments[index + 1]) else { return true }
        // Option by option: what stands before a mistake is done.
        if who == nil { pointee.name = arguments[index + 1] } else { name = arguments[index + 1] }
        index += 2
      } else if option == "auth", index + 2 < arguments.count {
        who = UpstreamCredentials(username: arguments[index + 1], password: arguments[index + 2])
        index += 3
      } else {
        reply(error: "ERR Syntax error in HELLO option '", quoting: arguments[index])
        return true
      }
    }
    if pointee.isBarred, who == nil {
      reply(
        error:
          "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time"
      )
      return true
    }
    guard isFreeToSwitch() else { return false }
    let version: RESPVersion = protocolVersion == 3 ? .three : .two
    var bytes: [UInt8] = []
    ReplyWriter.appendMapHeader(count: 7, version, to: &bytes)
    let server = pointee.worker.pointee.server
    for (key, value) in [("server", "redis"), ("version", server.version)] {
      ReplyWriter.appendBulk(key, to: &bytes)
      ReplyWriter.appendBulk(value, to: &bytes)
    }
    ReplyWriter.appendBulk("proto", to: &bytes)
    ReplyWriter.appendInteger(Int(protocolVersion), to: &bytes)
    ReplyWriter.appendBulk("id", to: &bytes)
    ReplyWriter.appendInteger(Int(pointee.id), to: &bytes)
    for (key, value) in [("mode", server.mode), ("role", "master")] {
      ReplyWriter.appendBulk(key, to: &bytes)
      ReplyWriter.appendBulk(value, to: &bytes)
    }
    ReplyWriter.appendBulk("modules", to: &bytes)
    ReplyWriter.appendArrayHeader(count: server.modules.count, to: &bytes)
    for module in server.modules { module.append(version, to: &bytes) }
    if let who { return authenticate(as: who, protocolVersion: protocolVersion, name: name, answer: bytes) }
    if let session = pointee.session, session.lane != nil, protocolVersion != pointee.set.pointee.protocolVersion {
      return sendHello(protocolVersion, answer: bytes, session)
    }
    use(protocolVersion: protocolVersion)
    reply(bytes)
    return true
  }
}

extension LoadedModule {
  /// As `HELLO` tells of it.
  fileprivate func append(_ protocolVersion: RESPVersion, to bytes: inout [UInt8]) {
    ReplyWriter.appendMapHeader(count: origin == nil ? 2 : 4, protocolVersion, to: &bytes)
    ReplyWriter.appendBulk("name", to: &bytes)
    ReplyWriter.appendBulk(name, to: &bytes)
    ReplyWriter.appendBulk("ver", to: &bytes)
    ReplyWriter.appendInteger(version, to: &bytes)
    guard let origin else { return }
    ReplyWriter.appendBulk("path", to: &bytes)
    ReplyWriter.appendBulk(origin.path, to: &bytes)
    ReplyWriter.appendBulk("args", to: &bytes)
    ReplyWriter.appendArrayHeader(count: origin.arguments.count, to: &bytes)
    for argument in origin.arguments { ReplyWriter.appendBulk(argument, to: &bytes) }
  }
}

extension UnsafeMutablePointer where Pointee == Worker {
  /// Whether any node could answer a read or a write: what PING tells.
  var isServing: Bool { pointee.primary != nil || !pointee.fitReplicas.isEmpty }
}
