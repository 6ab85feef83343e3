import Commands
import RESP
import Reactor

// What is answered here is the server's to allow all the same: of each user whom a client has named it is asked now and
// then, by a form of the command that does nothing.
extension UnsafeMutablePointer where Pointee == Client {
  /// Whether the client's user may run a command that is answered here. When that is not known, the client is parked.
  /// - Parameter length: that of its request.
  func permission(to command: LocalCommand, _ length: Int) -> Permissions.Verdict {
    let (set, worker) = (pointee.set, pointee.worker)
    let identity = set.pointee.identity
    guard identity != 0, let words = command.harmlessForm(database: set.pointee.database) else { return .granted }
    let verdict = worker.pointee.identities[identity].permissions.verdict(
      on: command, now: worker.pointee.loop.now, turn: worker.pointee.turn)
    guard case .unknown = verdict else { return verdict }
    guard pointee.outstanding == 0 else {
      park(.order)
      return .unknown
    }
    guard let lane = worker.primaryLane(set) else {
      // What it could do a while ago is a better guess than that it cannot do it now.
      if worker.pointee.identities[identity].permissions.wasGranted(command) { return .granted }
      return hold(length) ? .unknown : .refused(worker.whyUnserved(set).bytes)
    }
    var request: [UInt8] = []
    RequestWriter.append(words.map { Array($0.utf8) }, to: &request)
    lane.appendQuestion(request, about: command, for: self)
    park(.order)
    return .unknown
  }

  /// The server has answered such a question. Whatever it says but that, it has let the user run the command.
  func takePermission(_ command: LocalCommand?, _ reply: UnsafeRawBufferPointer) {
    let (worker, identity) = (pointee.worker, pointee.set.pointee.identity)
    if let command, identity != 0, !pointee.isClosed {
      if ReplyError(reply: reply) == .notPermitted {
        worker.pointee.identities[identity].permissions.refuse(command, Array(reply), turn: worker.pointee.turn)
      } else {
        let until = worker.pointee.loop.now + Limits.permissionLife
        worker.pointee.identities[identity].permissions.grant(command, until: until)
      }
    }
    settle(1)
  }
}

extension LocalCommand {
  /// A request of this command that changes nothing, not even on the connection; nothing where no user can be refused.
  fileprivate func harmlessForm(database: Int) -> [String]? {
    switch self {
    case .hello, .auth, .reset, .quit: nil
    case .ping: ["PING"]
    case .echo: ["ECHO", ""]
    case .select: ["SELECT", String(database)]
    case .clientID: ["CLIENT", "ID"]
    case .clientInfo: ["CLIENT", "INFO"]
    // Nobody has this id.
    case .clientList: ["CLIENT", "LIST", "ID", "0"]
    case .clientKill: ["CLIENT", "KILL", "ID", "0"]
    case .clientUnblock: ["CLIENT", "UNBLOCK", "0"]
    case .clientGetName: ["CLIENT", "GETNAME"]
    // The server says what is wrong with these.
    case .clientSetName: ["CLIENT", "SETNAME", " "]
    case .clientSetInfo: ["CLIENT", "SETINFO", "none", ""]
    case .clientReply: ["CLIENT", "REPLY", "none"]
    case .clientCapa: ["CLIENT", "CAPA", "none"]
    }
  }
}
