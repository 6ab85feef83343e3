import Glibc
import Synchronization

/// The last ticket under which each key was written, by the key's hash. Keys that share a slot share its ticket: a read of
/// one may go to the primary because of the other, and nothing worse.
///
/// Unsafe inside, with one invariant: `base` owns `count` atomics from init to deinit, and zeroed memory is an atomic 0.
public struct KeySlots: ~Copyable, @unchecked Sendable {
  /// Eight megabytes of addresses; a page costs memory once a key on it is written. At 150,000 writes a second and a few
  /// milliseconds until replicas are proven to have them, one key in a thousand shares a slot with a recent one; in a
  /// pipeline of 16 reads that is one pipeline in sixty that goes to the primary.
  @usableFromInline static var bits: UInt64 { 20 }

  @usableFromInline let base: UnsafeMutablePointer<Atomic<Ticket>>

  public init() {
    let count = 1 << Int(Self.bits)
    guard let memory = calloc(count, MemoryLayout<Atomic<Ticket>>.stride) else {
      fatalError("no memory for \(count) key slots")
    }
    base = memory.bindMemory(to: Atomic<Ticket>.self, capacity: count)
  }

  deinit { free(base) }

  /// Notes a write. The highest ticket stays, whoever comes first.
  @inlinable @inline(__always)
  public func mark(_ hash: UInt64, _ ticket: Ticket) {
    let slot = slot(hash)
    var known = slot.pointee.load(ordering: .relaxed)
    while known < ticket {
      let (exchanged, original) = slot.pointee.compareExchange(expected: known, desired: ticket, ordering: .releasing)
      if exchanged { return }
      known = original
    }
  }

  /// The same for several keys. All slots are looked at before the first is changed: a slot is seldom in a cache, loads
  /// wait for memory side by side, but an exchange waits alone.
  public func mark(_ hashes: UnsafeBufferPointer<UInt64>, _ ticket: Ticket) {
    var oldest = ticket
    for hash in hashes { oldest = min(oldest, slot(hash).pointee.load(ordering: .relaxed)) }
    guard oldest < ticket else { return }
    for hash in hashes { mark(hash, ticket) }
  }

  @inlinable @inline(__always)
  public func ticket(_ hash: UInt64) -> Ticket {
    slot(hash).pointee.load(ordering: .acquiring)
  }

  @inlinable @inline(__always)
  func slot(_ hash: UInt64) -> UnsafeMutablePointer<Atomic<Ticket>> {
    base + Int(truncatingIfNeeded: hash >> (64 &- Self.bits))
  }
}

/// Hashes keys for ``KeySlots``.
public enum KeyHash {
  /// Eight bytes a step; the top bits are the best mixed. The database is not part of it, so that commands that move keys
  /// between databases need no care.
  @inlinable @inline(__always)
  public static func hash(_ key: UnsafeRawBufferPointer) -> UInt64 {
    var hash = UInt64(truncatingIfNeeded: key.count) &* 0x9E37_79B9_7F4A_7C15
    var at = 0
    while at &+ 8 <= key.count {
      hash =
        (hash ^ UInt64(littleEndian: key.loadUnaligned(fromByteOffset: at, as: UInt64.self)))
        &* 0x9E37_79B9_7F4A_7C15
      hash ^= hash >> 32
      at &+= 8
    }
    var rest: UInt64 = 0
    while at < key.count {
      rest = rest << 8 | UInt64(key[at])
      at &+= 1
    }
    hash ^= rest
    hash = (hash ^ (hash >> 30)) &* 0xBF58_476D_1CE4_E5B9
    hash = (hash ^ (hash >> 27)) &* 0x94D0_49BB_1331_11EB
    return hash ^ (hash >> 31)
  }
}
