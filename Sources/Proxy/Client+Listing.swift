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
      "events=\(client.output.isEmpty ? "r" : "rw")", "cmd=\(command)", "user=\(userName(of: client))",
      "redir=\(state?.tracks == true ? state?.redirection ?? 0 : -1)", "resp=\(client.set.pointee.protocolVersion)",
    ].joined(separator: " ")
  }

  private func userName(of client: borrowing Client) -> String {
    String(decoding: client.worker.userName(ofIdentity: client.set.pointee.identity), as: UTF8.self)
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

  /// CLIENT LIST. False: not now.
  func replyList(_ arguments: [[UInt8]]) -> Bool {
    let words = arguments.dropFirst(2)
    switch words.first.map({ String(decoding: $0, as: UTF8.self).lowercased() }) {
    case nil: return replyLines(inquire(.list(nil)))
    case "type" where words.count == 2:
      if let kind = ClientKind(arguments[3]) { return replyLines(inquire(.list(kind))) }
      reply(error: "ERR Unknown client type '", quoting: arguments[3])
    case "id" where words.count > 1:
      let ids = words.dropFirst().compactMap { Int(argument: $0) }
      if ids.count == words.count - 1 { return replyLines(inquire(.listed(ids: ids)), ids) }
      reply(error: "ERR Invalid client ID")
    default: reply(error: "ERR syntax error")
    }
    return true
  }

  /// In the order that was asked for, or the oldest first.
  private func replyLines(_ findings: ClientFindings?, _ ids: [Int]? = nil) -> Bool {
    guard let lines = findings?.lines else { return false }
    let order = ids?.compactMap { UInt64(exactly: $0) } ?? lines.keys.sorted()
    replyText(order.compactMap { lines[$0] }.joined())
    return true
  }

  /// CLIENT KILL. False: not now.
  func kill(_ arguments: [[UInt8]], _ spec: CommandSpec) -> Bool {
    if arguments.count == 3 {
      let address = String(decoding: arguments[2], as: UTF8.self)
      guard let findings = inquire(.killAddress(address)) else { return false }
      if findings.killed > 0 { replyOK() } else { reply(error: "ERR No such client") }
      if findings.killsAsker { finishWhenIdle() }
      return true
    }
    let filter: ClientFilter
    do throws(ClientFilter.Mistake) { filter = try ClientFilter(arguments.dropFirst(2)) } catch {
      // Which of two mistakes comes first is the server's to say when one is a user that may not exist.
      if let user = ClientFilter.user(in: arguments), !pointee.worker.knows(user: user) { return ask(arguments, spec) }
      switch error {
      case .syntax: reply(error: "ERR syntax error")
      case .id: reply(error: "ERR client-id should be greater than 0")
      case .kind(let word): reply(error: "ERR Unknown client type '", quoting: word)
      }
      return true
    }
    if let user = filter.user, !pointee.worker.knows(user: user) {
      // Nobody here is that user; whether there is one, the server must say.
      return ask([Array("CLIENT".utf8), Array("KILL".utf8), Array("USER".utf8), user] + ClientFilter.nobody, spec)
    }
    guard let findings = inquire(.kill(filter)) else { return false }
    var bytes: [UInt8] = []
    ReplyWriter.appendInteger(findings.killed, to: &bytes)
    reply(bytes)
    if findings.killsAsker { finishWhenIdle() }
    return true
  }

  /// CLIENT UNBLOCK: the server is told the id of the upstream on which that client waits. False: not now.
  func unblock(_ arguments: [[UInt8]], _ spec: CommandSpec) -> Bool {
    let reason = arguments.count > 3 ? String(decoding: arguments[3], as: UTF8.self).lowercased() : "timeout"
    guard arguments.count <= 4 else {
      reply(
        error: "ERR unknown subcommand or wrong number of arguments for '", quoting: arguments[1], "'. Try CLIENT HELP."
      )
      return true
    }
    guard reason == "timeout" || reason == "error" else {
      reply(error: "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
      return true
    }
    guard let id = Int(argument: arguments[2]) else {
      reply(error: "ERR value is not an integer or out of range")
      return true
    }
    guard let findings = inquire(.unblock(id, reason: reason)) else { return false }
    guard findings.upstream > 0 else {
      reply(Array((findings.isUnblocked ? ":1\r\n" : ":0\r\n").utf8))
      return true
    }
    return ask(["CLIENT", "UNBLOCK", String(findings.upstream), reason].map { Array($0.utf8) }, spec)
  }

  /// Has the server answer a request of ours in the place of the client's. False: not now.
  private func ask(_ words: [[UInt8]], _ spec: CommandSpec) -> Bool {
    var bytes: [UInt8] = []
    RequestWriter.append(words, to: &bytes)
    return bytes.withUnsafeBytes { request in
      if let own = pointee.session { return send(request, .plain(isRead: true), own) }
      return forward(spec, request)
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
    if modes.contains(where: { $0.mode == .tracking && $0.isAddition }) { letters += "B" }
    if watch == .broken { letters += "d" }
    if modes.contains(where: { $0.mode == .noEvict }) { letters += "e" }
    if modes.contains(where: { $0.mode == .noTouch }) { letters += "T" }
    return letters.isEmpty ? "N" : letters
  }
}
