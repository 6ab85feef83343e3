import CPrefetch
import Glibc
import Synchronization

/// The last ticket under which each key was written lately, by the key's hash; what was written before the *horizon* is
/// forgotten, and counts as written at the horizon.
///
/// Small, so that it stays in a processor's cache however many keys there are: a slot knows the last ticket and, by its tag,
/// whose it is. A key that comes to a slot whose ticket is behind the horizon takes it over; one that comes while it is not
/// shares it from then on with every key of that slot: a read of one may go to the primary because of another, and nothing
/// worse. Replicas a tenth of a second behind 200,000 writes a second of as many keys leave 20,000 of them in front of the
/// horizon: one slot in 360 is shared then, and one in 40,000 with replicas ten milliseconds behind.
///
/// Unsafe inside, with one invariant: `base` points to an atomic for each value of a hash's upper bits from init to deinit,
/// and the system's fresh memory, all zero, is an atomic 0.
public struct KeySlots: ~Copyable, @unchecked Sendable {
  @usableFromInline static var bits: UInt64 { 18 }
  /// The bytes of all slots: 2 MiB, one huge page.
  private static var size: Int { MemoryLayout<Atomic<UInt64>>.stride << Int(bits) }
  /// A slot's upper bits are the tag of its key, the lower ones its ticket: enough for 89 years of 100,000 batches a second.
  @usableFromInline static var ticketBits: UInt64 { 48 }
  @usableFromInline static var ticketMask: UInt64 { 1 << ticketBits &- 1 }
  /// The tag of a slot that more than one key shares. A key whose own tag it is shares its slot always.
  @usableFromInline static var shared: UInt64 { 0xFFFF << ticketBits }

  private let room: UnsafeMutableRawPointer
  @usableFromInline let base: UnsafeMutablePointer<Atomic<UInt64>>
  @usableFromInline let hasOneWriter: Bool
  @usableFromInline let passed = Atomic<Ticket>(0)

  /// - Parameter hasOneWriter: all marks come from one thread, which then need not exchange what it could as well store.
  public init(hasOneWriter: Bool) {
    self.hasOneWriter = hasOneWriter
    // Room for the slots wherever a page of their size may begin. Not a part of it is memory before it is written to.
    guard let room = mmap(nil, 2 * Self.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      room != MAP_FAILED
    else { fatalError("no address space for \(2 * Self.size) bytes of key slots") }
    self.room = room
    let slots = room.alignedUp(toMultipleOf: Self.size)
    // Where the system gives huge pages to those who ask, the slots are one: with pages of 4 KiB, most keys cost a walk of
    // the page tables. A system that gives none is as right, and slower.
    _ = madvise(slots, Self.size, MADV_HUGEPAGE)
    base = slots.bindMemory(to: Atomic<UInt64>.self, capacity: Self.size / MemoryLayout<Atomic<UInt64>>.stride)
  }

  deinit { munmap(room, 2 * Self.size) }

  /// The ticket under which keys count as written that are not known any more.
  @inlinable @inline(__always)
  public var horizon: Ticket { passed.load(ordering: .acquiring) }

  /// Lets everything up to this ticket be forgotten. Any ticket is safe: the higher, the more a replica must have before it
  /// is read at all; the lower, the more keys share slots.
  public func forget(upTo ticket: Ticket) { passed.max(ticket, ordering: .acquiringAndReleasing) }

  /// Has the processor fetch a key's slot, which will be looked up or marked in a moment: while the run's next request is
  /// parsed, rather than when all are waited for (35 ns a key at 1 µs a request, and 7 with it).
  @inlinable @inline(__always)
  public func prefetch(_ hash: UInt64) { amb_prefetch(slot(hash)) }

  /// Notes a write. The highest ticket stays, whoever comes first.
  @inlinable @inline(__always)
  public func mark(_ hash: UInt64, _ ticket: Ticket) {
    if hasOneWriter { store(hash, ticket, horizon) } else { exchange(hash, ticket, horizon) }
  }

  /// Notes a write to each of these keys.
  public func mark(_ hashes: UnsafeBufferPointer<UInt64>, _ ticket: Ticket) {
    // An older horizon than the one of the moment is as safe: less is taken over.
    let horizon = horizon
    if hasOneWriter {
      for hash in hashes { storeApart(hash, ticket, horizon) }
    } else {
      for hash in hashes { exchange(hash, ticket, horizon) }
    }
  }

  @inlinable @inline(__always)
  func store(_ hash: UInt64, _ ticket: Ticket, _ horizon: Ticket) {
    let slot = slot(hash)
    let known = slot.pointee.load(ordering: .relaxed)
    slot.pointee.store(Self.entry(known, Self.tag(hash), ticket, horizon), ordering: .releasing)
  }

  /// A function of its own, as LLVM makes branches of what has none when it finds it in a loop (x86-cmov-converter): one
  /// guessed wrong for each key cost more than the calls.
  @inline(never)
  private func storeApart(_ hash: UInt64, _ ticket: Ticket, _ horizon: Ticket) { store(hash, ticket, horizon) }

  @inlinable @inline(__always)
  func exchange(_ hash: UInt64, _ ticket: Ticket, _ horizon: Ticket) {
    let slot = slot(hash)
    var known = slot.pointee.load(ordering: .relaxed)
    while true {
      let entry = Self.entry(known, Self.tag(hash), ticket, horizon)
      if entry == known { return }
      let (exchanged, original) = slot.pointee.compareExchange(
        expected: known, desired: entry, ordering: .acquiringAndReleasing)
      if exchanged { return }
      known = original
    }
  }

  /// What a slot that holds `known` holds after a write under `ticket` to a key whose tag is `own`.
  ///
  /// Another key's tag gives way behind the horizon: whoever looks for that key takes the horizon for its ticket. Before
  /// it, both share the slot. Without a branch: which it is cannot be foreseen, and a processor that guesses wrong waits
  /// for the slot to come from memory, one slot after the other, where it could have fetched a whole run's together.
  @inlinable @inline(__always)
  static func entry(_ known: UInt64, _ own: UInt64, _ ticket: Ticket, _ horizon: Ticket) -> UInt64 {
    let last = known & ticketMask
    let isAnothers: UInt64 = (known & ~ticketMask) != own ? 1 : 0
    let isRecent: UInt64 = last > horizon ? 1 : 0
    // All ones, of which `shared` are the tag's, if the slot is to be shared.
    let sharing = 0 &- (isAnothers & isRecent)
    return own | (sharing & shared) | Swift.max(last, ticket)
  }

  /// The last write that this key, or a key that shares its slot, may have seen.
  @inlinable @inline(__always)
  public func ticket(_ hash: UInt64) -> Ticket {
    let known = slot(hash).pointee.load(ordering: .acquiring)
    // The order matters: a slot that was taken over was so when its ticket was behind the horizon already.
    let horizon = horizon
    let tag = known & ~Self.ticketMask
    // Without a branch, as in `entry`.
    let isOwn: UInt64 = tag == Self.tag(hash) ? 1 : 0
    let isShared: UInt64 = tag == Self.shared ? 1 : 0
    let isKnown = 0 &- (isOwn | isShared)
    return known & Self.ticketMask & isKnown | horizon & ~isKnown
  }

  @inlinable @inline(__always)
  func slot(_ hash: UInt64) -> UnsafeMutablePointer<Atomic<UInt64>> {
    base + Int(truncatingIfNeeded: hash >> (64 &- Self.bits))
  }

  /// The hash's bits behind those that choose the slot.
  @inlinable @inline(__always)
  static func tag(_ hash: UInt64) -> UInt64 { hash << bits & ~ticketMask }
}

/// Hashes keys for ``KeySlots``.
public enum KeyHash {
  /// Sixteen bytes a step, the last sixteen overlapping those before; each step multiplies two words and folds the product,
  /// so that every bit of both reaches every bit. The database is not part of it, so that commands that move keys between
  /// databases need no care.
  @inlinable @inline(__always)
  public static func hash(_ key: UnsafeRawBufferPointer) -> UInt64 {
    let count = key.count
    var seed: UInt64 = 0x9E37_79B9_7F4A_7C15
    let first: UInt64
    let second: UInt64
    if count >= 8 {
      var at = 0
      while count &- at > 16 {
        seed = fold(word(key, at) ^ 0xBF58_476D_1CE4_E5B9, word(key, at &+ 8) ^ seed)
        at &+= 16
      }
      first = word(key, count >= 16 ? count &- 16 : 0)
      second = word(key, count &- 8)
    } else {
      var bytes: UInt64 = 0
      for byte in key { bytes = bytes << 8 | UInt64(byte) }
      first = bytes
      second = 0
    }
    let folded = fold(first ^ 0xBF58_476D_1CE4_E5B9, second ^ seed)
    return fold(folded ^ 0x94D0_49BB_1331_11EB, UInt64(truncatingIfNeeded: count) ^ 0x9E37_79B9_7F4A_7C15)
  }

  @inlinable @inline(__always)
  static func word(_ key: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
    UInt64(littleEndian: key.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  @inlinable @inline(__always)
  static func fold(_ one: UInt64, _ other: UInt64) -> UInt64 {
    let product = one.multipliedFullWidth(by: other)
    return product.high ^ product.low
  }
}
