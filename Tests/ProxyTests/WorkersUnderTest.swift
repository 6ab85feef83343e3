import Commands
import Consistency
import Glibc
import Reactor
import Routing
import Synchronization
import TestSupport
import Topology

@testable import Proxy

/// What comes on another thread.
private final class AnswerBox<Answer: Sendable>: Sendable {
  let answer = Mutex<Answer?>(nil)
}

/// Workers that follow what a test tells them, in front of real servers: what discovery would say, and to whom first, is the
/// test's to choose.
final class WorkersUnderTest {
  let workers: [WorkerThread]
  private var nextID: UInt64 = 1

  init(_ count: Int = 1, settings: WorkerSettings = WorkerSettings()) throws {
    let ledger = SharedLedger(writers: count)
    workers = try (0..<count).map { index in
      let worker = WorkerThread(index: index, settings: settings, table: .builtin, ledger: ledger, report: { _ in })
      guard let worker else { throw Failure("no thread for worker \(index)") }
      return worker
    }
  }

  deinit {
    for worker in workers { worker.drain(seconds: 0) }
    for worker in workers { worker.join() }
  }

  /// A client of one of them, by its rules.
  func connect(to worker: Int = 0, rules: ListenerRules = ListenerRules()) throws -> RESPClient {
    var pair: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &pair) == 0 else { throw Failure("socketpair") }
    workers[worker].adopt(pair[0], id: nextID, rules: rules)
    nextID += 1
    return RESPClient(adopting: pair[1])
  }

  /// What one of them answers.
  func ask<Answer: Sendable>(_ worker: Int = 0, _ question: WorkerQuestion<Answer>) throws -> Answer {
    let box = AnswerBox<Answer>()
    workers[worker].ask(question) { answer in box.answer.withLock { $0 = answer } }
    try eventually("worker \(worker) answers") { box.answer.withLock { $0 != nil } }
    guard let answer = box.answer.withLock({ $0 }) else { throw Failure("no answer") }
    return answer
  }

  /// How many requests it has sent where they went for this reason.
  func routed(_ reason: RouteReason, by worker: Int = 0) throws -> Int {
    try ask(worker, .report(askedAt: 0)).counters.routed[reason]
  }

  /// Has the first one doubt its primary, for so long that an acknowledgement does not count as one that was on its way.
  func doubtPrimary() throws {
    workers[0].follow(try Self.topology(primary: nil))
    pause(.seconds(Limits.lastAcknowledgements) + .milliseconds(100))
  }

  /// - Parameter port: where the primary is reached, if not at its own.
  static func topology(
    primary: RedisServer?, at port: UInt16? = nil, replicas: [RedisServer] = [], reign: UInt64 = 1
  ) throws -> UpstreamTopology {
    func node(_ server: RedisServer, _ port: UInt16?) throws -> UpstreamTopology.Node {
      let (host, port) = (server.place.host, port ?? server.port)
      guard let address = SocketAddress(ip: host, port: port) else { throw Failure("address") }
      return .init(name: NodeAddress(host: host, port: port), address: address)
    }
    var topology = UpstreamTopology(
      primary: try primary.map { try node($0, port) }, primaryAbsence: "the test has none",
      replicas: try replicas.map { try node($0, nil) },
      server: ServerIdentity())
    topology.reign = reign
    return topology
  }
}
