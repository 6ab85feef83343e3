import Commands
import RESP
import Reactor

// CLIENT INFO, LIST, KILL and UNBLOCK: about the ambassador's clients, by the ids that it has given them.
extension UnsafeMutablePointer where Pointee == Client {
  /// A client's line, as redis-server 7.0 writes it.
  var listing: String { line(of: pointee) }

  private func line(of client: borrowing Client) -> String {
    let state = client.session?.state
    let worker = client.worker
    let (table, now) = (worker.pointee.table, worker.pointee.loop.now)
    let name = String(decoding: client.name, as: UTF8.self)
    let command = client.lastCommand == 0 ? "NULL" : table.name(ofID: client.lastCommand)
    let channels = Channels.allCases.map { state?.subscriptions[$0].count ?? 0 }
    return [
      "id=\(client.id)", "addr=\(Sockets.peerName(client.fd))", "laddr=\(Sockets.localName(client.fd))",
      "fd=\(client.fd)", "name=\(name)", "age=\(Int(now - client.since))", "idle=\(Sockets.idleTime(client.fd))",
      "flags=\(state?.flags ?? "N")", "db=\(client.set.pointee.database)", "sub=\(channels[0])", "psub=\(channels[1])",
      "ssub=\(channels[2])", "multi=\(state?.queuedCommands ?? -1)", "qbuf=\(client.input.count)", "qbuf-free=0",
      "argv-mem=0", "multi-mem=0", "rbs=0", "rbp=0", "obl=\(client.output.count)", "oll=0",
      "omem=\(client.output.count)", "tot-mem=\(client.input.count + client.output.count)",
      "events=\(client.output.isEmpty ? "r" : "rw")", "cmd=\(command)", "user=default",
      "redir=\(state?.tracks == true ? 0 : -1)", "resp=\(client.set.pointee.protocolVersion)",
    ].joined(separator: " ")
  }

  private func replyText(_ text: String) {
    var bytes: [UInt8] = []
    if version == .three {
      bytes += Array("=\(text.utf8.count + 4)\r\ntxt:\(text)\r\n".utf8)
    } else {
      ReplyWriter.appendBulk(text, to: &bytes)
    }
    reply(bytes)
  }

  func replyInfo() { replyText(listing + "\n") }

  /// CLIENT LIST, of the clients on this thread.
  func replyList(_ arguments: [[UInt8]]) {
    let words = arguments.dropFirst(2).map { String(decoding: $0, as: UTF8.self) }
    var isWanted: (ClientRef) -> Bool = { _ in true }
    switch words.first?.lowercased() {
    case nil: break
    case "type" where words.count == 2:
      guard let kind = ClientKind(words[1]) else { return reply(error: "ERR Unknown client type '\(words[1])'") }
      isWanted = { kind.includes($0) }
    case "id" where words.count > 1:
      let ids = words.dropFirst().map { UInt64($0) }
      if ids.contains(nil) { return reply(error: "ERR Invalid client ID") }
      isWanted = { ids.contains($0.pointee.id) }
    default: return reply(error: "ERR syntax error")
    }
    replyText(pointee.worker.clients.filter(isWanted).map { $0.listing + "\n" }.joined())
  }

  /// CLIENT KILL, of the clients on this thread.
  func kill(_ arguments: [[UInt8]]) {
    let words = arguments.dropFirst(2).map { String(decoding: $0, as: UTF8.self) }
    if words.count == 1 {
      guard let one = pointee.worker.clients.first(where: { Sockets.peerName($0.pointee.fd) == words[0] }) else {
        return reply(error: "ERR No such client")
      }
      replyOK()
      return one == self ? finishWhenIdle() : one.close()
    }
    var conditions: [(ClientRef) -> Bool] = []
    var skipsMe = true
    guard words.count % 2 == 0 else { return reply(error: "ERR syntax error") }
    for index in stride(from: 0, to: words.count, by: 2) {
      let value = words[index + 1]
      switch words[index].lowercased() {
      case "id":
        guard let id = UInt64(value), id > 0 else {
          return reply(error: "ERR client-id should be greater than 0")
        }
        conditions.append { $0.pointee.id == id }
      case "type":
        guard let kind = ClientKind(value) else { return reply(error: "ERR Unknown client type '\(value)'") }
        conditions.append { kind.includes($0) }
      case "addr": conditions.append { Sockets.peerName($0.pointee.fd) == value }
      case "laddr": conditions.append { Sockets.localName($0.pointee.fd) == value }
      case "user":
        guard value == "default" else { return reply(error: "ERR No such user '\(value)'") }
      case "skipme" where ["yes", "no"].contains(value.lowercased()): skipsMe = value.lowercased() == "yes"
      default: return reply(error: "ERR syntax error")
      }
    }
    let victims = pointee.worker.clients.filter { client in
      (client != self || !skipsMe) && conditions.allSatisfy { $0(client) }
    }
    var bytes: [UInt8] = []
    ReplyWriter.appendInteger(victims.count, to: &bytes)
    reply(bytes)
    for client in victims { client == self ? finishWhenIdle() : client.close() }
  }

  /// CLIENT UNBLOCK: the server is told the id of the upstream on which that client waits. False: not now.
  func unblock(_ arguments: [[UInt8]], _ spec: CommandSpec) -> Bool {
    guard let id = Int(String(decoding: arguments[2], as: UTF8.self)) else {
      reply(error: "ERR value is not an integer or out of range")
      return true
    }
    let reason = arguments.count > 3 ? String(decoding: arguments[3], as: UTF8.self).lowercased() : "timeout"
    guard arguments.count <= 4, reason == "timeout" || reason == "error" else {
      reply(error: "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
      return true
    }
    guard let session = UInt64(exactly: id).flatMap({ pointee.worker.client($0) })?.pointee.session,
      session.state.isBlocked, let upstream = session.lane?.pointee.upstreamID, upstream > 0
    else {
      reply(Array(":0\r\n".utf8))
      return true
    }
    if let lane = session.lane, lane.pointee.isHandedOver {
      // It waits at a node where this client's requests do not go any more, and whose ids are its own.
      pointee.worker.tell(lane.pointee.node, ["CLIENT", "UNBLOCK", String(upstream), reason])
      reply(Array(":1\r\n".utf8))
      return true
    }
    var bytes: [UInt8] = []
    RequestWriter.append("CLIENT", "UNBLOCK", String(upstream), reason, to: &bytes)
    return bytes.withUnsafeBytes { request in
      if let own = pointee.session { return send(request, .plain(isRead: true), own) }
      return forward(spec, request)
    }
  }
}

/// The kinds of clients that CLIENT LIST and KILL tell apart.
private enum ClientKind {
  case normal, pubsub
  /// Links between servers: no client of ours is one.
  case replication

  init?(_ word: String) {
    switch word.lowercased() {
    case "normal": self = .normal
    case "pubsub": self = .pubsub
    case "master", "replica", "slave": self = .replication
    default: return nil
    }
  }

  func includes(_ client: ClientRef) -> Bool {
    let isSubscribed = client.pointee.session.map { !$0.state.subscriptions.isEmpty } ?? false
    switch self {
    case .normal: return !isSubscribed
    case .pubsub: return isSubscribed
    case .replication: return false
    }
  }
}

extension SessionState {
  var tracks: Bool { modes.contains { $0.mode == .tracking } }

  /// The server's letters.
  var flags: String {
    var letters = ""
    if isOpaque { letters += "O" }
    if !subscriptions.isEmpty { letters += "P" }
    if isInTransaction { letters += "x" }
    if isBlocked { letters += "b" }
    if tracks { letters += "t" }
    if watch == .broken { letters += "d" }
    if modes.contains(where: { $0.mode == .noEvict }) { letters += "e" }
    if modes.contains(where: { $0.mode == .noTouch }) { letters += "T" }
    return letters.isEmpty ? "N" : letters
  }
}
