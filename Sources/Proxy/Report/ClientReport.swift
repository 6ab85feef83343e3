import Reactor
import Topology

/// A client, for people.
public struct ClientReport: Sendable {
  public var id: UInt64
  public var worker: Int
  public var address: String
  public var name: String
  /// Seconds since it connected.
  public var age: Double
  public var database: Int
  public var protocolVersion: Int
  /// The letters of `CLIENT LIST`.
  public var flags: String
  /// Requests without a reply.
  public var inFlight: Int
  /// Where these are; nothing when there are none.
  public var node: NodeAddress?
  /// What it waits for before more of it is read: `reading` for nothing.
  public var state: String
  /// The command that it has sent last; empty for none.
  public var command: String
}

/// Some of a worker's clients, newest first.
public struct ClientPage: Sendable {
  public var clients: [ClientReport]
  /// Whether there are older ones.
  public var hasMore: Bool
}

extension WorkerQuestion where Answer == ClientPage {
  /// The newest clients among those with smaller ids: a page at a time, so that the data path never waits for long.
  /// - Parameter count: as few as a hundred or two; each costs a system call.
  public static func clients(below id: UInt64, atMost count: Int) -> Self {
    WorkerQuestion { worker in
      var page = ClientPage(clients: [], hasMore: false)
      var next = worker.pointee.firstClient
      // The worker's list is in the order of ids, the newest first.
      while let client = next {
        next = client.pointee.next
        guard client.pointee.id < id, !client.pointee.isClosed else { continue }
        guard page.clients.count < count else {
          page.hasMore = true
          break
        }
        page.clients.append(client.report)
      }
      return page
    }
  }
}

extension UnsafeMutablePointer where Pointee == Client {
  fileprivate var report: ClientReport {
    let worker = pointee.worker
    let state =
      switch pointee.park {
      case .none: pointee.session?.state.isBlocked == true ? "blocked" : "reading"
      case .order: "in-order"
      case .inFlight: "window-full"
      case .output: "not-reading"
      case .room: "upstream-full"
      case .answer: "asking"
      case .hold: "held"
      }
    return ClientReport(
      id: pointee.id, worker: worker.pointee.index, address: Sockets.peerName(pointee.fd),
      name: UnsafeRawBufferPointer.quoted(pointee.name, atMost: 64), age: worker.pointee.loop.now - pointee.since,
      database: pointee.set.pointee.database, protocolVersion: Int(pointee.set.pointee.protocolVersion),
      flags: pointee.session?.state.flags ?? "N", inFlight: Int(pointee.outstanding),
      node: pointee.outstanding > 0 ? pointee.lane?.pointee.node.pointee.name : nil, state: state,
      command: pointee.lastCommand == 0 ? "" : worker.pointee.table.name(ofID: pointee.lastCommand))
  }
}

extension UnsafeRawBufferPointer {
  static func quoted(_ bytes: [UInt8], atMost limit: Int) -> String {
    bytes.withUnsafeBytes { $0.quoted(atMost: limit) }
  }
}
