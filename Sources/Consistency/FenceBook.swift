/// Knows up to which ticket all writes are fenced: at which point of which history they are all executed.
///
/// A value without clock, socket or lock: what connections learn goes in, fences come out.
///
/// A batch of writes is *open* from its first write until a probe (`INFO replication`) has proven where in the history it
/// is. A probe proves its own batch when it was sent behind it on the same connection, and it proves every batch that
/// was answered before the probe was sent, on whatever connection.
///
/// Invariants, which the simulation in the tests holds it to:
/// 1. A fence (ticket t, history h, offset x) says that every write of a batch up to t that was ever acknowledged was
///    executed by the primary before x in h, or was lost by Redis itself when h began.
/// 2. Fences grow in both ticket and offset; all belong to one history.
/// 3. A batch that cannot be proven holds all later ones back: there is no fence beyond it until a probe that was begun
///    after it was given up has answered.
public struct FenceBook: Sendable {
  private enum Batch: Sendable {
    /// Its probe is under way, or will be.
    case open
    /// Its connection or its probe's answer was lost; a batch that is begun from this ticket on proves it too.
    case provenFrom(Ticket)
    case proven
  }

  /// Fences that are kept; more are thinned out, the old ones most.
  static let capacity = 256

  private struct Fence {
    var ticket: Ticket
    var offset: Int64
  }

  /// The ticket of the next batch.
  private var next: Ticket = 1
  /// The batches that are not fenced, from ticket `next - batches.count` on. The first `passed` elements are history.
  private var batches: [Batch] = []
  private var passed = 0
  /// The history that fences are in; nothing before the first proof and after each change.
  private var history: HistoryID?
  /// Proofs by batches begun before this ticket name a history that may be gone.
  private var barrier: Ticket = 0
  /// The furthest offset proven in `history`.
  private var furthest: Int64 = 0
  private var fences: [Fence] = []
  /// A history that a replica is in and the fences are not: ours may be over, without a write to show it. A batch begun
  /// from the ticket on can tell.
  private var suspicion: (history: HistoryID, from: Ticket)?
  /// The last suspicion that came to nothing, and how often it was met since.
  private var refuted: (history: HistoryID, times: Int)?

  /// How often a history is met that is not the primary's before the primary is asked again.
  private static let credulity = 64

  public init() {
    batches.reserveCapacity(256)
    fences.reserveCapacity(Self.capacity)
  }

  /// The last ticket that was given.
  public var latest: Ticket { next - 1 }

  /// The ticket up to which everything is fenced.
  public var fenced: Ticket { fences.last?.ticket ?? 0 }

  /// Whether nothing that is under way will bring a fence for everything written: somebody should begin a batch only to
  /// probe.
  public var needsProbe: Bool {
    guard fenced < latest || suspicion != nil else { return false }
    var openFrom: Ticket?
    var wanted = suspicion?.from ?? 0
    var ticket = next - Ticket(batches.count - passed)
    for batch in batches[passed...] {
      switch batch {
      case .open: openFrom = ticket
      case .provenFrom(let from): wanted = max(wanted, from)
      case .proven: break
      }
      ticket += 1
    }
    guard let openFrom else { return true }
    return openFrom < max(wanted, barrier)
  }

  /// Begins a batch of writes.
  public mutating func begin() -> Ticket {
    batches.append(.open)
    next += 1
    return next - 1
  }

  /// A probe that was sent behind this batch on the batch's own connection has been answered by the primary.
  public mutating func prove(_ ticket: Ticket, at point: ReplicationPoint) {
    guard isOpen(ticket) else { return }
    guard point.isPrimary, ticket >= barrier else { return giveUp(ticket) }
    if let suspicion, suspicion.from <= ticket {
      refuted = point.history == suspicion.history ? nil : (suspicion.history, 0)
      self.suspicion = nil
    }
    if let history, history != point.history {
      // Another primary, or the same with a new backlog. Which of two concurrent answers is the newer cannot be told:
      // only a probe that is begun from now on can.
      self.history = nil
      barrier = next
      fences.removeAll(keepingCapacity: true)
      return giveUp(ticket)
    }
    furthest = history == nil ? point.offset : max(furthest, point.offset)
    history = point.history
    self[ticket] = .proven
    for index in passed..<batches.count {
      if case .provenFrom(let from) = batches[index], from <= ticket { batches[index] = .proven }
    }
    advance()
  }

  /// This batch's probe will not be answered. Its writes are answered, or never will be.
  public mutating func giveUp(_ ticket: Ticket) {
    guard isOpen(ticket) else { return }
    self[ticket] = .provenFrom(next)
  }

  /// The last ticket of which a node at this point has everything; 0 when nothing can be said.
  public mutating func coverage(at point: ReplicationPoint) -> Ticket {
    guard let history, history == point.history else {
      suspect(point.history)
      return 0
    }
    // The last fence with an offset that is reached.
    var low = 0
    var high = fences.count
    while low < high {
      let middle = (low + high) / 2
      if fences[middle].offset <= point.offset { low = middle + 1 } else { high = middle }
    }
    return low > 0 ? fences[low - 1].ticket : 0
  }

  private mutating func suspect(_ other: HistoryID) {
    guard history != nil, suspicion == nil else { return }
    if let known = refuted, known.history == other, known.times < Self.credulity {
      refuted = (other, known.times + 1)
    } else {
      suspicion = (other, next)
    }
  }

  private func isOpen(_ ticket: Ticket) -> Bool {
    let count = Ticket(batches.count - passed)
    guard ticket < next, next - ticket <= count else { return false }
    if case .open = self[ticket] { return true }
    return false
  }

  /// Only for tickets that are not fenced.
  private subscript(ticket: Ticket) -> Batch {
    get { batches[batches.count - Int(next - ticket)] }
    set { batches[batches.count - Int(next - ticket)] = newValue }
  }

  private mutating func advance() {
    let before = passed
    while passed < batches.count, case .proven = batches[passed] { passed += 1 }
    guard passed > before else { return }
    let ticket = next - 1 - Ticket(batches.count - passed)
    if let last = fences.last, last.offset == furthest {
      fences[fences.count - 1].ticket = ticket
    } else {
      if fences.count == Self.capacity { thinOut() }
      fences.append(Fence(ticket: ticket, offset: furthest))
    }
    if passed == batches.count || passed >= 128 {
      batches.removeFirst(passed)
      passed = 0
    }
  }

  /// Drops every second fence: a replica that is far behind finds fences far back, but not each of them.
  private mutating func thinOut() {
    var kept = 0
    for index in stride(from: 1, to: fences.count, by: 2) {
      fences[kept] = fences[index]
      kept += 1
    }
    fences.removeLast(fences.count - kept)
  }
}
