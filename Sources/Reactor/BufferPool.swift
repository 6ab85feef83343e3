import Glibc

/// Large buffers of one size, of which some that were given back are kept: memory that is fresh from the system costs a page
/// fault for every 4 KiB that are written to it, which is more than what is done with the bytes.
///
/// Unsafe inside, with one invariant: `spare` owns blocks of `capacity` bytes that nobody else has.
public struct BufferPool: ~Copyable {
  /// Bytes of each buffer.
  public let capacity: Int
  private let limit: Int
  private var spare: [UnsafeMutablePointer<UInt8>] = []

  /// - Parameter limit: how many that were given back are kept at most.
  public init(capacity: Int, limit: Int) {
    self.capacity = capacity
    self.limit = limit
  }

  deinit { for block in spare { free(block) } }

  /// How many are kept.
  public var count: Int { spare.count }

  /// An empty buffer with room for ``capacity`` bytes.
  public mutating func take() -> ByteBuffer {
    if let block = spare.popLast() { return ByteBuffer(owning: block, capacity: capacity) }
    // Out of memory is the end of any process; redis-server aborts as well.
    guard let block = malloc(capacity)?.assumingMemoryBound(to: UInt8.self) else { abort() }
    return ByteBuffer(owning: block, capacity: capacity)
  }

  /// Takes the memory of a buffer that is empty and of this size; any other stays as it is.
  public mutating func giveBack(_ buffer: inout ByteBuffer) {
    guard buffer.isEmpty, buffer.capacity == capacity, spare.count < limit, let block = buffer.disown() else { return }
    spare.append(block)
  }

  /// Gives what is kept back to the system.
  public mutating func release() {
    for block in spare { free(block) }
    spare.removeAll(keepingCapacity: true)
  }
}
