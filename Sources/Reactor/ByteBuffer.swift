import CLibev
import Glibc

/// Bytes that wait: appended at the end, consumed at the front, contiguous throughout.
///
/// Unsafe inside, with one invariant: `0 <= head <= tail <= capacity`, and `base` owns `capacity` bytes (nothing when
/// capacity is 0). Growing doubles; consumed room is used again before growing, so appending costs amortised O(1).
/// Holds no memory when new, and none after ``release()``.
@frozen
public struct ByteBuffer: ~Copyable {
  @usableFromInline var base: UnsafeMutablePointer<UInt8>?
  @usableFromInline var capacity = 0
  @usableFromInline var head = 0
  @usableFromInline var tail = 0

  @inlinable
  public init() {}

  /// An empty one, in memory from `malloc` that is nobody else's.
  init(owning base: UnsafeMutablePointer<UInt8>, capacity: Int) {
    self.base = base
    self.capacity = capacity
  }

  @inlinable
  deinit { free(base) }

  @inlinable @inline(__always) public var count: Int { tail - head }
  @inlinable @inline(__always) public var isEmpty: Bool { tail == head }

  /// The waiting bytes. Valid until the next mutation.
  @inlinable @inline(__always) public var bytes: UnsafeRawBufferPointer {
    guard let base else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    return UnsafeRawBufferPointer(start: base + head, count: tail - head)
  }

  @inlinable @inline(__always)
  public mutating func append(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress, bytes.count > 0 else { return }
    let room = reserve(bytes.count)
    memcpy(room, source, bytes.count)
    tail += bytes.count
  }

  public mutating func append(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { append($0) }
  }

  /// Room for at least `count` more bytes, to be written and then committed.
  @inlinable @inline(__always)
  public mutating func reserve(_ count: Int) -> UnsafeMutablePointer<UInt8> {
    if let base, capacity - tail >= count { return base + tail }
    return grow(count)
  }

  /// Bytes that can be written at the room that ``reserve(_:)`` gave, at least as many as were asked for.
  @inlinable @inline(__always) public var room: Int { capacity - tail }

  /// Takes `count` bytes that were written to reserved room.
  @inlinable @inline(__always) public mutating func commit(_ count: Int) { tail += count }

  /// Drops `count` bytes at the front; more than there are drops all.
  @inlinable @inline(__always)
  public mutating func consume(_ count: Int) {
    head += min(count, tail - head)
    if head == tail {
      head = 0
      tail = 0
    }
  }

  /// Drops what was appended last, so that `count` bytes remain.
  public mutating func truncate(to count: Int) { tail = head + min(count, tail - head) }

  /// Drops everything and gives the memory back.
  @inlinable
  public mutating func release() {
    free(base)
    base = nil
    capacity = 0
    head = 0
    tail = 0
  }

  /// Gives its memory to the caller, who has to free it, and is as new.
  mutating func disown() -> UnsafeMutablePointer<UInt8>? {
    defer {
      base = nil
      release()
    }
    return base
  }

  /// Gives the memory back when nothing waits and more than `limit` bytes are held.
  @inlinable @inline(__always)
  public mutating func shrinkIfEmpty(above limit: Int) {
    if head == tail && capacity > limit { release() }
  }

  @inline(never) @usableFromInline
  mutating func grow(_ count: Int) -> UnsafeMutablePointer<UInt8> {
    let waiting = tail - head
    if let base, capacity - waiting >= count, head >= waiting {
      memcpy(base, base + head, waiting)
      head = 0
      tail = waiting
      return base + tail
    }
    var wanted = max(capacity * 2, 256)
    while wanted - waiting < count { wanted *= 2 }
    // Out of memory is the end of any process; redis-server aborts as well.
    guard let fresh = malloc(wanted)?.assumingMemoryBound(to: UInt8.self) else { abort() }
    if let base {
      memcpy(fresh, base + head, waiting)
      free(base)
    }
    base = fresh
    capacity = wanted
    head = 0
    tail = waiting
    return fresh + tail
  }
}

/// Memory of the process as the allocator keeps it.
public enum Memory {
  /// Keeps glibc from hoarding: large buffers are mapped and unmapped one by one, and one arena serves all threads of a
  /// process that has very few.
  public static func giveBackEagerly() {
    amb_allocator_limits(64 * 1024, 128 * 1024, 2)
  }

  /// Bytes of the process that are in RAM; 0 where /proc does not say.
  public static var resident: Int {
    let fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else { return 0 }
    defer { close(fd) }
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = read(fd, &bytes, bytes.count)
    guard count > 0 else { return 0 }
    // Pages: total, resident, ...
    let fields = bytes[..<count].split(separator: UInt8(ascii: " "))
    guard fields.count > 1, let pages = Int(String(decoding: fields[1], as: UTF8.self)) else { return 0 }
    return pages * sysconf(Int32(_SC_PAGESIZE))
  }
}
