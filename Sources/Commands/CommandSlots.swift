/// The hash table behind ``CommandTable``: open addressing over plain structs, keyed by (container, folded name).
///
/// Allocated and filled once, then only read, by any thread. It does not free itself: ``CommandTable`` owns it, frees it
/// in its deinit, and lets no pointer out.
@frozen
@usableFromInline
struct CommandSlots {
  @frozen
  @usableFromInline
  struct Slot {
    @usableFromInline var head: UInt64 = 0
    @usableFromInline var tail: UInt64 = 0
    /// Bytes of the name; 0 marks an empty slot, where a search ends.
    @usableFromInline var count: UInt32 = 0
    /// Where the folded name starts in `names`.
    @usableFromInline var offset: UInt32 = 0
    @usableFromInline var spec: CommandSpec = .unknown
    /// The id of the command that this is a subcommand of, or 0.
    @usableFromInline var container: UInt16 = 0

    @inlinable
    init() {}
  }

  /// A power of two, at most half of it in use, so that every search meets an empty slot soon.
  @usableFromInline let slots: UnsafeMutableBufferPointer<Slot>
  /// All names, folded, one behind the other; read only for names of more than 16 bytes.
  @usableFromInline let names: UnsafeMutableBufferPointer<UInt8>
  /// 64 minus the capacity's bits.
  @usableFromInline let shift: UInt64

  init(_ entries: [(name: [UInt8], container: UInt16, spec: CommandSpec)]) {
    var bits: UInt64 = 6
    while 1 << bits < entries.count * 2 { bits += 1 }
    shift = 64 - bits
    slots = .allocate(capacity: 1 << Int(bits))
    slots.initialize(repeating: Slot())
    names = .allocate(capacity: entries.reduce(0) { $0 + $1.name.count })
    _ = names.initialize(from: entries.lazy.flatMap(\.name).map(FoldedName.fold))
    var offset = 0
    for entry in entries {
      insert(entry.name, at: offset, container: entry.container, spec: entry.spec)
      offset += entry.name.count
    }
  }

  func deallocate() {
    slots.deallocate()
    names.deallocate()
  }

  private func insert(_ name: [UInt8], at offset: Int, container: UInt16, spec: CommandSpec) {
    name.withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress else { return }
      let key = FoldedName(start, count: bytes.count)
      var index = Int(key.hash(container: container) &>> shift)
      while slots[index].count != 0 { index = (index + 1) & (slots.count - 1) }
      slots[index].head = key.head
      slots[index].tail = key.tail
      slots[index].count = UInt32(bytes.count)
      slots[index].offset = UInt32(offset)
      slots[index].container = container
      slots[index].spec = spec
    }
  }

  /// The slot of this name, or nil. Reads at most `name.count` bytes of the name and allocates nothing.
  @inlinable
  func find(_ name: UnsafeRawBufferPointer, container: UInt16) -> UnsafePointer<Slot>? {
    // Both are empty only together: a table has at least 64 slots.
    guard let bytes = name.baseAddress, let slots = slots.baseAddress, name.count > 0 else { return nil }
    let key = FoldedName(bytes, count: name.count)
    let mask = self.slots.count &- 1
    var index = Int(truncatingIfNeeded: key.hash(container: container) &>> shift)
    while true {
      let slot = slots + index
      let count = Int(slot.pointee.count)
      if count == 0 { return nil }
      if slot.pointee.head == key.head, slot.pointee.tail == key.tail, count == key.count,
        slot.pointee.container == container, count <= 16 || hasMiddle(slot, of: bytes)
      {
        return UnsafePointer(slot)
      }
      index = (index &+ 1) & mask
    }
  }

  /// Whether the bytes between the first and the last eight agree too.
  @usableFromInline
  func hasMiddle(_ slot: UnsafePointer<Slot>, of name: UnsafeRawPointer) -> Bool {
    let stored = names.baseAddress! + Int(slot.pointee.offset)
    for position in 8..<Int(slot.pointee.count) - 8
    where FoldedName.fold(name.load(fromByteOffset: position, as: UInt8.self)) != stored[position] {
      return false
    }
    return true
  }
}
