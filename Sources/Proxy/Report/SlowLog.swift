import Topology

/// A request whose node was silent for long before it answered.
public struct SlowRequest: Sendable, Equatable {
  /// When it was answered, in seconds since 1970.
  public var at: Double
  /// For how long nothing came while it was the one to be answered, in seconds: the node's time and the network's.
  public var took: Double
  public var node: NodeAddress
  /// The client's id.
  public var client: UInt64
  public var kind: RequestClass
  /// The command and its first key, never a value.
  public var outline: String
}

/// The latest slow requests of a worker.
struct SlowLog {
  private(set) var entries: [SlowRequest] = []
  private(set) var count = 0
  private var lastNote = -Double.infinity

  /// Whether another entry may be made now: what it costs to make them is bounded.
  func mayNote(at now: Double) -> Bool { now - lastNote >= Limits.slowLogPause }

  mutating func note(_ request: SlowRequest, now: Double) {
    lastNote = now
    count += 1
    if entries.count >= Limits.slowLog { entries.removeFirst() }
    entries.append(request)
  }

  mutating func clear() { entries = [] }
}

extension WorkerQuestion where Answer == [SlowRequest] {
  /// The latest slow requests, oldest first.
  public static var slowRequests: Self { WorkerQuestion { $0.pointee.slowLog.entries } }

  /// The same, and forgets them.
  public static var takeSlowRequests: Self {
    WorkerQuestion { worker in
      defer { worker.pointee.slowLog.clear() }
      return worker.pointee.slowLog.entries
    }
  }
}
