import Commands
import RESP

enum AuthenticationWords {
  /// redis-server's own.
  static let required = "NOAUTH Authentication required."
}

// AUTH and HELLO ... AUTH: the server is asked whether it knows the user, on an upstream that is then the user's own and
// goes with the question; from its yes on, the client's requests go through lanes of that user.
extension UnsafeMutablePointer where Pointee == Client {
  /// AUTH [user] password. False: not now, the client is parked.
  func authenticate(_ words: [[UInt8]]) -> Bool {
    guard words.count == 2 || words.count == 3, let password = words.last else {
      return ask(words, .plain(isRead: true))
    }
    return ask(words, .auth(UpstreamCredentials(username: words.count == 3 ? words[1] : [], password: password)))
  }

  /// HELLO version AUTH user password. False: not now, the client is parked.
  func authenticate(
    as who: UpstreamCredentials, protocolVersion: UInt8, name: [UInt8]?, answer: [UInt8]
  ) -> Bool {
    let words = [
      Array("HELLO".utf8), Array(String(protocolVersion).utf8), Array("AUTH".utf8), who.username, who.password,
    ]
    return ask(words, .helloAuth(protocolVersion, who, name: name, answer: answer))
  }

  private func ask(_ words: [[UInt8]], _ what: Awaited) -> Bool {
    guard pointee.outstanding == 0 else {
      park(.order)
      return false
    }
    if let who = what.user, !pointee.worker.hasRoom(for: who) {
      reply(ProxyRefusal.tooManyUsers.bytes)
      return true
    }
    let session = pointee.session ?? Session(client: self, isRESP3: pointee.set.pointee.protocolVersion == 3)
    pointee.session = session
    var request: [UInt8] = []
    RequestWriter.append(words, to: &request)
    let isTaken = request.withUnsafeBytes { send($0, what, session) }
    endSessionIfClean(session)
    return isTaken
  }

  /// The server has accepted the user.
  func become(_ who: UpstreamCredentials) {
    guard let identity = pointee.worker.identity(of: who) else {
      return finish(with: ProxyRefusal.tooManyUsers.bytes)
    }
    use(identity: identity)
    pointee.isBarred = false
    pointee.scanner.isAuthenticated = true
  }

  /// As a new connection is.
  func forgetUser() {
    use(identity: 0)
    pointee.isBarred = pointee.rules.requiresAuthentication
    pointee.scanner.isAuthenticated = !pointee.isBarred
  }

  /// Whether a client that has yet to authenticate may do this.
  func isAllowedWhileBarred(_ spec: CommandSpec) -> Bool {
    switch spec.local {
    case .auth, .hello, .quit, .reset: true
    default: spec.handling == .closeSilently
    }
  }

  /// What the others are told. Like the server, it looks first whether there is such a command, and then for its arguments.
  func refuseBarred(_ spec: CommandSpec, _ request: UnsafeRawBufferPointer) {
    let words = arguments(of: request)
    let table = pointee.worker.pointee.table
    let abort = "EXECABORT Transaction discarded because of: "
    if spec.id == CommandSpec.unknown.id {
      var quoted: [UInt8] = []
      for word in words.dropFirst() where quoted.count < 128 {
        quoted += [UInt8(ascii: "'")] + word.prefix { $0 != 0 }.prefix(128 - quoted.count) + Array("' ".utf8)
      }
      let name = words.first?.prefix { $0 != 0 }.prefix(128) ?? []
      reply(error: "ERR unknown command '", quoting: name + Array("', with args beginning with: ".utf8) + quoted, "")
    } else if spec.flags.contains(.container), words.count > 1 {
      let name = table.name(of: spec).uppercased()
      reply(error: "ERR unknown subcommand '", quoting: Array(words[1].prefix(128)), "'. Try \(name) HELP.")
    } else if !spec.accepts(argumentCount: words.count) {
      reply(
        error: spec.session == .exec
          ? "\(abort)wrong number of arguments for 'exec' command" : table.wrongArgumentCount(spec))
    } else {
      reply(error: (spec.session == .exec ? abort : "") + AuthenticationWords.required)
    }
  }
}
