import Reactor
import Topology

/// What a client asks about other clients, some of which may be on other threads.
public struct ClientInquiry: Sendable {
  enum Subject: Sendable {
    case list(ClientKind?)
    case listed(ids: [Int])
    case kill(ClientFilter)
    /// In the form of CLIENT KILL that knows nothing but addresses.
    case killAddress(String)
    /// The client of this id is to be unblocked. Where it waits at a node that was given up, it is told at once.
    case unblock(Int, reason: String)
    /// By which id of an upstream the server knows the client of this id.
    case upstream(of: Int)
  }

  let subject: Subject
  /// Who asks, and on which thread.
  let asker: UInt64
  public let worker: Int
  /// The ambassador asks for itself: the client has sent nothing that waits for the answer.
  var isOurs = false
}

/// What one thread says to that, or all of them together.
public struct ClientFindings: Sendable {
  /// Clients' lines, by their ids.
  var lines: [UInt64: String] = [:]
  var killed = 0
  /// The one who asks is among those, and is to go when it has its answer.
  var killsAsker = false
  /// The upstream's id; 0 for none.
  var upstream = 0
  /// Where that id means something.
  var node: NodeAddress?
  /// It is unblocked already.
  var isUnblocked = false

  mutating func add(_ other: ClientFindings) {
    lines.merge(other.lines) { first, _ in first }
    killed += other.killed
    killsAsker = killsAsker || other.killsAsker
    upstream = max(upstream, other.upstream)
    node = node ?? other.node
    isUnblocked = isUnblocked || other.isUnblocked
  }
}

extension WorkerQuestion where Answer == ClientFindings {
  /// The part of an inquiry that a worker can answer. It grows with the number of clients, as CLIENT LIST does.
  public static func clients(_ inquiry: ClientInquiry) -> Self {
    WorkerQuestion { worker in worker.look(into: inquiry) }
  }
}

extension WorkerQuestion where Answer == Void {
  /// Tells a worker what its client wanted to know. Nothing stands for a worker that was silent.
  public static func deliver(_ findings: [ClientFindings?], of inquiry: ClientInquiry) -> Self {
    WorkerQuestion { worker in
      guard let client = worker.client(inquiry.asker) else { return }
      var all = ClientFindings()
      for part in findings { if let part { all.add(part) } }
      if inquiry.isOurs { client.redirect(all) } else { client.take(all) }
    }
  }
}

extension UnsafeMutablePointer where Pointee == Worker {
  func look(into inquiry: ClientInquiry) -> ClientFindings {
    var findings = ClientFindings()
    func list(_ client: ClientRef) { findings.lines[client.pointee.id] = client.listing + "\n" }
    func kill(_ client: ClientRef) {
      findings.killed += 1
      if client.pointee.id == inquiry.asker { findings.killsAsker = true } else { client.close() }
    }
    switch inquiry.subject {
    case .list(let kind): for client in clients where kind?.includes(client) ?? true { list(client) }
    case .listed(let ids):
      let ids = Set(ids)
      for client in clients where ids.contains(Int(client.pointee.id)) { list(client) }
    case .kill(let filter):
      for client in clients where filter.includes(client) {
        if client.pointee.id != inquiry.asker || !filter.skipsMe { kill(client) }
      }
    case .killAddress(let address):
      if let client = clients.first(where: { Sockets.peerName($0.pointee.fd) == address }) { kill(client) }
    case .unblock(let id, let reason):
      guard let session = session(of: id), session.state.isBlocked, let lane = session.lane,
        lane.pointee.upstreamID > 0
      else { break }
      if lane.pointee.isHandedOver {
        // It waits at a node where this client's requests do not go any more, and whose ids are its own.
        tellServer(of: lane, ["CLIENT", "UNBLOCK", String(lane.pointee.upstreamID), reason])
        findings.isUnblocked = true
      } else {
        lane.pointee.isKnownByID = true
        findings.upstream = lane.pointee.upstreamID
      }
    case .upstream(let id):
      guard let listener = UInt64(exactly: id).flatMap({ client($0) }) else { break }
      // When it gets another upstream, whoever asks now must hear of that.
      listener.pointee.isRedirectedTo = true
      guard let lane = listener.pointee.session?.lane, lane.pointee.upstreamID > 0 else { break }
      lane.pointee.isKnownByID = true
      findings.upstream = lane.pointee.upstreamID
      findings.node = lane.pointee.node.pointee.name
    }
    return findings
  }

  private func session(of id: Int) -> Session? { UInt64(exactly: id).flatMap { client($0) }?.pointee.session }
}

extension UnsafeMutablePointer where Pointee == Client {
  /// What all threads know, as soon as they have been asked. Nothing: not yet; the client is parked, and its request is
  /// looked at once more.
  func inquire(_ subject: ClientInquiry.Subject) -> ClientFindings? {
    let worker = pointee.worker
    let inquiry = ClientInquiry(subject: subject, asker: pointee.id, worker: worker.pointee.index)
    guard worker.pointee.settings.threads > 1 else { return worker.look(into: inquiry) }
    if let findings = pointee.findings {
      pointee.findings = nil
      return findings.value
    }
    guard pointee.outstanding == 0 else {
      park(.order)
      return nil
    }
    park(.answer)
    worker.pointee.report(.clientsAsked(inquiry))
    return nil
  }

  fileprivate func take(_ findings: ClientFindings) {
    guard pointee.park == .answer else { return }
    pointee.findings = Findings(findings)
    unpark()
  }
}

/// In a box: few clients ever ask, and each would carry the room.
final class Findings {
  let value: ClientFindings

  init(_ value: ClientFindings) { self.value = value }
}
