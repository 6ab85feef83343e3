import RESP
import Reactor

/// What CLIENT KILL asks for, read as redis-server reads it: option by option, and the last of a kind counts.
struct ClientFilter: Sendable {
  enum Mistake: Error {
    case syntax
    case id
    case kind([UInt8])
  }

  private var id: Int?
  private var kind: ClientKind?
  private var address: String?
  private var localAddress: String?
  private(set) var user: [UInt8]?
  private(set) var skipsMe = true

  init(_ words: ArraySlice<[UInt8]>) throws(Mistake) {
    var words = words
    while let option = words.popFirst() {
      guard let value = words.popFirst() else { throw .syntax }
      let text = String(decoding: value, as: UTF8.self)
      switch String(decoding: option, as: UTF8.self).lowercased() {
      case "id":
        guard let number = Int(argument: value), number > 0 else { throw .id }
        id = number
      case "type":
        guard let named = ClientKind(value) else { throw .kind(value) }
        kind = named
      case "addr": address = text
      case "laddr": localAddress = text
      case "user": user = value
      case "skipme" where ["yes", "no"].contains(text.lowercased()): skipsMe = text.lowercased() == "yes"
      default: throw .syntax
      }
    }
  }

  /// The user that is named, whatever else there is.
  static func user(in words: [[UInt8]]) -> [UInt8]? {
    words.firstIndex { String(decoding: $0, as: UTF8.self).lowercased() == "user" }
      .flatMap { words.indices.contains($0 + 1) ? words[$0 + 1] : nil }
  }

  /// Options that no connection of any server answers to.
  static var nobody: [[UInt8]] { [Array("ID".utf8), Array(String(Int.max).utf8)] }

  func includes(_ client: ClientRef) -> Bool {
    if let id, Int(client.pointee.id) != id { return false }
    if let kind, !kind.includes(client) { return false }
    if let address, Sockets.peerName(client.pointee.fd) != address { return false }
    if let localAddress, Sockets.localName(client.pointee.fd) != localAddress { return false }
    if let user, client.pointee.worker.userName(ofIdentity: client.pointee.set.pointee.identity) != user {
      return false
    }
    return true
  }
}

/// The kinds of clients that CLIENT LIST and KILL tell apart.
enum ClientKind: Sendable {
  case normal, pubsub
  /// Links between servers: no client of ours is one.
  case replication

  init?(_ word: [UInt8]) {
    switch String(decoding: word, as: UTF8.self).lowercased() {
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

extension UnsafeMutablePointer where Pointee == Worker {
  /// Whom the server takes a client for. Those that do not authenticate are the ambassador's own user.
  func userName(ofIdentity identity: Int) -> [UInt8] {
    let name = pointee.identities[identity].credentials?.username ?? []
    return name.isEmpty ? Array("default".utf8) : name
  }

  /// Whether there is certainly a user of this name.
  func knows(user: [UInt8]) -> Bool {
    user.elementsEqual("default".utf8)
      || pointee.identities.indices.contains {
        ($0 == 0 || pointee.identities[$0].clients > 0) && userName(ofIdentity: $0) == user
      }
  }
}
