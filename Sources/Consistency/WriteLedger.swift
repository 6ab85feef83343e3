import Synchronization

/// What was written through this process, and up to where it is fenced: shared by all threads.
///
/// A write is entered (``mark(_:_:)``) before it is sent, so before it can be acknowledged; a read that was sent after the
/// acknowledgement finds it here, whichever thread it comes to.
public struct WriteLedger: ~Copyable, Sendable {
  @usableFromInline let slots: KeySlots
  @usableFromInline let latestTicket = Atomic<Ticket>(0)
  @usableFromInline let fencedTicket = Atomic<Ticket>(0)
  @usableFromInline let everything = Atomic<Ticket>(0)
  @usableFromInline let reignBegun = Atomic<UInt64>(0)
  private let lastRead = Atomic<Int64>(.min)
  private let book = Mutex(FenceBook())

  /// - Parameter writers: how many threads enter writes.
  public init(writers: Int) { slots = KeySlots(hasOneWriter: writers == 1) }

  /// The last ticket that was given: a node that covers it has every write.
  @inlinable @inline(__always)
  public var latest: Ticket { latestTicket.load(ordering: .acquiring) }

  /// The ticket up to which everything is fenced.
  @inlinable @inline(__always)
  public var fenced: Ticket { fencedTicket.load(ordering: .acquiring) }

  /// The last reign that a batch was begun under: a primary that was named under an earlier one has a successor that takes
  /// writes, even where nobody has heard of it yet.
  @inlinable @inline(__always)
  public var reign: UInt64 { reignBegun.load(ordering: .acquiring) }

  /// The last write that this key may have seen: its own, that of a key that shares its slot, or one up to which single
  /// keys are forgotten.
  @inlinable @inline(__always)
  public func lastWrite(_ keyHash: UInt64) -> Ticket {
    Swift.max(slots.ticket(keyHash), everything.load(ordering: .acquiring))
  }

  /// Says that a key will be looked up or entered in a moment.
  @inlinable @inline(__always)
  public func prefetch(_ keyHash: UInt64) { slots.prefetch(keyHash) }

  /// The last write that any of these keys may have seen, and the first key that may have seen one after `known`.
  public func lastWrite(_ keyHashes: UnsafeBufferPointer<UInt64>, after known: Ticket) -> (ticket: Ticket, first: Int?)
  {
    var last = lastWriteToEverything
    for hash in keyHashes { last = Swift.max(last, slots.ticket(hash)) }
    return (last, last > known ? keyHashes.firstIndex { lastWrite($0) > known } : nil)
  }

  /// The last write that may have touched any key.
  @inlinable @inline(__always)
  public var lastWriteToEverything: Ticket { everything.load(ordering: .acquiring) }

  /// Enters a write to one key under an open batch.
  @inlinable @inline(__always)
  public func mark(_ keyHash: UInt64, _ ticket: Ticket) { slots.mark(keyHash, ticket) }

  /// Enters a write to each of several keys under an open batch.
  public func mark(_ keyHashes: UnsafeBufferPointer<UInt64>, _ ticket: Ticket) {
    slots.mark(keyHashes, ticket)
  }

  /// Enters a write that may touch any key.
  public func markEverything(_ ticket: Ticket) { everything.max(ticket, ordering: .acquiringAndReleasing) }

  /// The replicas that are read have everything up to this ticket, so nobody need know which keys were written until then.
  public func forget(upTo ticket: Ticket) { slots.forget(upTo: ticket) }

  /// The ticket up to which single keys are forgotten.
  public var horizon: Ticket { slots.horizon }

  /// Somebody reads from replicas now, in seconds since some moment in the past.
  public func noteRead(at now: Double) {
    // The line is written to ten times a second, whatever the traffic: every thread has it in its cache.
    let tick = Int64(now * 10)
    if lastRead.load(ordering: .relaxed) < tick { lastRead.store(tick, ordering: .relaxed) }
  }

  /// Whether somebody has read from replicas in the last `seconds`, give or take a tenth. For how soon fences are asked
  /// for; what is read where does not depend on it.
  public func isRead(at now: Double, within seconds: Double) -> Bool {
    lastRead.load(ordering: .relaxed) >= Int64((now - seconds) * 10)
  }

  /// As ``FenceBook/begin(under:)``.
  public func begin(under reign: UInt64) -> Ticket {
    if reign > self.reign { reignBegun.max(reign, ordering: .acquiringAndReleasing) }
    return book.withLock { book in
      let ticket = book.begin(under: reign)
      latestTicket.store(ticket, ordering: .releasing)
      return ticket
    }
  }

  /// As ``FenceBook/prove(_:at:)``.
  public func prove(_ ticket: Ticket, at point: ReplicationPoint) {
    book.withLock { book in
      book.prove(ticket, at: point)
      fencedTicket.store(book.fenced, ordering: .releasing)
    }
  }

  /// As ``FenceBook/giveUp(_:)``.
  public func giveUp(_ ticket: Ticket) { book.withLock { $0.giveUp(ticket) } }

  /// As ``FenceBook/coverage(at:)``.
  public func coverage(at point: ReplicationPoint) -> Ticket { book.withLock { $0.coverage(at: point) } }

  /// As ``FenceBook/needsProbe``.
  public var needsProbe: Bool { book.withLock { $0.needsProbe } }
}

/// Owns the ledger for everyone who holds a pointer to it: the data path's workers, which must not count references.
public final class SharedLedger: Sendable {
  public nonisolated(unsafe) let pointer: UnsafeMutablePointer<WriteLedger>

  /// - Parameter writers: how many threads enter writes.
  public init(writers: Int) {
    pointer = .allocate(capacity: 1)
    pointer.initialize(to: WriteLedger(writers: writers))
  }

  deinit {
    pointer.deinitialize(count: 1)
    pointer.deallocate()
  }
}
