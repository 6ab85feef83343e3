/// Knows up to which ticket all writes are fenced: at which point of which history they are all executed.
///
/// A value without clock, socket or lock: what connections learn goes in, fences come out.
///
/// A batch of writes is *open* from its first write until a probe (`INFO replication`) has proven where in the history it
/// is. A probe proves its own batch when it was sent behind it on the same connection, and it proves every batch that
/// was answered before the probe was sent, on whatever connection.
///
/// While a primary and the one that succeeds it both answer, offsets alone cannot tell which history counts, and workers
/// hear of the succession at different times. So every batch says under which *reign* it was begun: the number under which
/// discovery has named the primary that it goes to. What an earlier reign's primary says is not believed once a batch of a
/// later one was begun. This relies on every connection to a primary being closed before the next but one is named: over
/// one that outlives two successions a write may reach a node that has become the primary again meanwhile, and what is
/// acknowledged there counts as a predecessor's.
///
/// Invariants, which the simulation in the tests holds it to:
/// 1. A fence (ticket t, history h, offset x) says that every write of a batch up to t that was ever acknowledged was
///    executed by the primary before x in h, or was lost by Redis itself when h began.
/// 2. Fences grow in both ticket and offset; all belong to one history.
/// 3. A batch that cannot be proven holds all later ones back: there is no fence beyond it until a probe that was begun
///    after it was given up has answered.
public struct FenceBook: Sendable {
  private struct Batch: Sendable {
    enum State: Sendable {
      /// Its probe is under way, or will be.
      case open
      /// As open, on a connection to a primary that has a successor: its probe says nothing of the history that counts.
      case outdated
      /// Its connection or its probe's answer was lost; a batch that is begun from this ticket on proves it too.
      case provenFrom(Ticket)
    }

    let ticket: Ticket
    var state: State

    var isOpen: Bool {
      switch state {
      case .open, .outdated: true
      case .provenFrom: false
      }
    }
  }

  /// Fences that are kept; more are thinned out, the old ones most. Thinned out they are at most 220, for any tickets.
  static let capacity = 256

  private struct Fence {
    var ticket: Ticket
    var offset: Int64
  }

  /// The ticket of the next batch.
  private var next: Ticket = 1
  /// The batches that are not proven, by ticket. Few, however long one of them stays so: a connection has two at most that
  /// are open, and those between two that are open are given up together.
  private var unproven: [Batch] = []
  /// The ticket that the last fence was made for, in whatever history.
  private var settled: Ticket = 0
  /// The history that fences are in; nothing before the first proof and after each change.
  private var history: HistoryID?
  /// Proofs by batches begun before this ticket name a history that may be gone.
  private var barrier: Ticket = 0
  /// The last reign that a batch was begun under.
  private var reign: UInt64 = 0
  /// A node has named another history than the known one when the next batch was this; 0 when there is no such doubt.
  private var doubtedFrom: Ticket = 0
  /// The furthest offset proven in `history`.
  private var furthest: Int64 = 0
  private var fences: [Fence] = []

  public init() {
    unproven.reserveCapacity(64)
    fences.reserveCapacity(Self.capacity)
  }

  /// The last ticket that was given.
  public var latest: Ticket { next - 1 }

  /// The ticket up to which everything is fenced.
  public var fenced: Ticket { fences.last?.ticket ?? 0 }

  /// Whether nothing that is under way will bring a fence for everything written, or settle which history counts:
  /// somebody should begin a batch only to probe.
  public var needsProbe: Bool {
    guard fenced < latest || doubtedFrom > 0 else { return false }
    var openFrom: Ticket = 0
    var wanted = max(barrier, doubtedFrom)
    for batch in unproven {
      switch batch.state {
      case .open: openFrom = batch.ticket
      case .provenFrom(let from): wanted = max(wanted, from)
      case .outdated: break
      }
    }
    return openFrom == 0 || openFrom < wanted
  }

  /// Begins a batch of writes.
  /// - Parameter reign: the number under which discovery has named the primary that the batch goes to; higher for each
  ///   that succeeds another, and the same for all workers.
  public mutating func begin(under reign: UInt64) -> Ticket {
    if reign > self.reign {
      self.reign = reign
      barrier = next
    }
    unproven.append(Batch(ticket: next, state: reign == self.reign ? .open : .outdated))
    next += 1
    return next - 1
  }

  /// A probe that was sent behind this batch on the batch's own connection has been answered by the primary.
  public mutating func prove(_ ticket: Ticket, at point: ReplicationPoint) {
    guard let index = openIndex(of: ticket) else { return }
    guard case .open = unproven[index].state, point.isPrimary, ticket >= barrier else { return giveUp(ticket) }
    if ticket >= doubtedFrom { doubtedFrom = 0 }
    if let history, history != point.history {
      // Another primary, or the same with a new backlog. Which of two concurrent answers is the newer cannot be told:
      // only a probe that is begun from now on can.
      self.history = nil
      barrier = next
      doubtedFrom = 0
      fences.removeAll(keepingCapacity: true)
      return giveUp(ticket)
    }
    furthest = history == nil ? point.offset : max(furthest, point.offset)
    history = point.history
    unproven.remove(at: index)
    unproven.removeAll { batch in if case .provenFrom(let from) = batch.state { from <= ticket } else { false } }
    advance()
  }

  /// This batch's probe will not be answered. Its writes are answered, or never will be.
  public mutating func giveUp(_ ticket: Ticket) {
    guard var index = openIndex(of: ticket) else { return }
    // What proves this one proves its neighbours: they wait for it together.
    if index + 1 < unproven.count, !unproven[index + 1].isOpen { unproven.remove(at: index + 1) }
    if index > 0, !unproven[index - 1].isOpen {
      unproven.remove(at: index)
      index -= 1
    }
    unproven[index].state = .provenFrom(next)
  }

  /// The last ticket of which a node at this point has everything; 0 when nothing can be said.
  ///
  /// A node in another history may be the first to know of a new primary: the known history is in doubt until a probe that
  /// is begun from now on has answered. Without that nobody would ask as long as nobody writes.
  public mutating func coverage(at point: ReplicationPoint) -> Ticket {
    guard let history else { return 0 }
    // A replica that has thrown its data away to load others says 1, in its old history, and goes on saying it when it
    // cannot load them. A fence may lie at 0 when nothing was written since this history began; one that is in step then
    // says 0 as well.
    guard point.isPrimary || point.offset != 1 else { return 0 }
    guard history == point.history else {
      if doubtedFrom == 0 { doubtedFrom = next }
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

  private func openIndex(of ticket: Ticket) -> Int? {
    unproven.lastIndex { $0.ticket == ticket && $0.isOpen }
  }

  private mutating func advance() {
    let ticket = (unproven.first?.ticket ?? next) - 1
    guard ticket > settled else { return }
    settled = ticket
    if let last = fences.last, last.offset == furthest {
      fences[fences.count - 1].ticket = ticket
    } else {
      if fences.count == Self.capacity { thinOut() }
      fences.append(Fence(ticket: ticket, offset: furthest))
    }
  }

  /// Drops fences so that the gaps between the rest grow with their age: a replica finds one that is at most half as far
  /// again behind as itself, however far it is behind, and each time that the oldest ages by half, one more is dropped.
  private mutating func thinOut() {
    var kept = fences.count - 1
    let newest = fences[kept].ticket
    for index in stride(from: kept - 1, through: 0, by: -1) {
      let last = fences[kept].ticket
      let older = index > 0 ? fences[index - 1].ticket : 0
      guard last - older > (newest - last) / 2 else { continue }
      kept -= 1
      fences[kept] = fences[index]
    }
    fences.removeFirst(kept)
  }
}
