import Consistency

/// A write as it stands in a node's replication stream.
struct SimulatedEntry {
  /// Counts the writes that were executed anywhere.
  var version: Int
  /// Nothing for one that writes every key.
  var key: Int?
}

/// A server as far as replication goes: a stream of writes that it has executed, and a name for that stream.
final class SimulatedNode {
  struct Copy {
    var history: Int
    var log: [SimulatedEntry]
  }

  enum Sync {
    case none
    /// A copy is under way; what was there is served meanwhile.
    case copying(Copy)
    /// Nothing is served.
    case loading(Copy)
  }

  let id: Int
  /// Follows another replica: its data may go back although its connections stay open.
  let isChained: Bool
  var isPrimary = false
  var isAlive = true
  /// Counts its processes: a connection leads to one of them.
  var process = 0
  var upstream = 0
  var isLinked = false
  var history = 0
  /// The history that this one goes on from: who has it up to there is given the rest only.
  var previous: (history: Int, length: Int)?
  var log: [SimulatedEntry] = []
  var sync = Sync.none
  /// What it finds on its disk when it starts again.
  var saved: Copy

  init(id: Int, isChained: Bool) {
    self.id = id
    self.isChained = isChained
    saved = Copy(history: 0, log: [])
  }

  var isLoading: Bool {
    if case .loading = sync { return true }
    return false
  }

  var isSyncing: Bool {
    if case .none = sync { return false }
    return true
  }

  /// What it answers to `INFO replication`.
  var point: ReplicationPoint {
    ReplicationPoint(
      isPrimary: isPrimary, history: Self.histories[history], offset: isLoading ? 1 : Int64(log.count + 1) * 10)
  }

  func has(_ version: Int, at position: Int) -> Bool {
    position < log.count && log[position].version == version
  }

  /// Starts again with what its disk holds.
  func restart() {
    process += 1
    isAlive = true
    isLinked = false
    sync = .none
    previous = nil
    history = saved.history
    log = saved.log
  }

  /// Names of histories; far more than a run uses.
  static let histories: [HistoryID] = (0..<512).compactMap { number in
    let digits = Array(String(number).utf8)
    return HistoryID(Array(repeating: UInt8(ascii: "0"), count: 40 - digits.count) + digits)
  }
}
