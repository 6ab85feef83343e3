import TestSupport
import Testing

@testable import Reactor

@Suite("Bytes that wait")
struct ByteBufferTests {
  /// The same operations on a buffer and on an array; after each, both hold the same.
  @Test("Random operations beside an array", arguments: 1...20 as ClosedRange<UInt64>)
  func model(seed: UInt64) throws {
    var dice = SeededGenerator(seed: seed)
    var buffer = ByteBuffer()
    var model: [UInt8] = []
    for step in 0..<2000 {
      let size = Int.random(in: 0...[3, 40, 700].randomElement(using: &dice)!, using: &dice)
      let bytes = (0..<size).map { _ in UInt8.random(in: 0...255, using: &dice) }
      let choice = Int.random(in: 0..<12, using: &dice)
      switch choice {
      case 0...2:
        buffer.append(bytes)
        model += bytes
      case 3, 4:
        let room = buffer.reserve(size)
        let isRoomEnough = buffer.room >= size
        try #require(isRoomEnough)
        for (index, byte) in bytes.enumerated() { room[index] = byte }
        let used = Int.random(in: 0...size, using: &dice)
        buffer.commit(used)
        model += bytes[..<used]
      case 5...8:
        // Also more than there is.
        buffer.consume(size)
        model.removeFirst(min(size, model.count))
      case 9:
        buffer.truncate(to: size)
        model.removeLast(max(0, model.count - size))
      case 10 where step % 40 == 0:
        buffer.release()
        model = []
        let capacity = buffer.capacity
        try #require(capacity == 0)
      default:
        let (capacity, limit) = (buffer.capacity, size)
        buffer.shrinkIfEmpty(above: limit)
        let isReleased = model.isEmpty && capacity > limit
        let left = buffer.capacity
        try #require(left == (isReleased ? 0 : capacity))
      }
      let (count, isEmpty, held) = (buffer.count, buffer.isEmpty, Array(buffer.bytes))
      try #require(held == model, "step \(step), operation \(choice)")
      try #require(count == model.count && isEmpty == model.isEmpty)
      let isInOrder = 0 <= buffer.head && buffer.head <= buffer.tail && buffer.tail <= buffer.capacity
      try #require(isInOrder)
    }
  }

  @Test("A new one and a released one hold no memory")
  func emptiness() {
    var buffer = ByteBuffer()
    let fresh = (buffer.capacity, buffer.bytes.count, buffer.room)
    #expect(fresh == (0, 0, 0))
    buffer.append([])
    buffer.consume(5)
    buffer.truncate(to: 0)
    buffer.shrinkIfEmpty(above: 0)
    let untouched = buffer.capacity
    #expect(untouched == 0)
    buffer.append([1, 2])
    buffer.release()
    buffer.release()
    let released = (buffer.capacity, buffer.count)
    #expect(released == (0, 0))
    buffer.append([3])
    let again = Array(buffer.bytes)
    #expect(again == [3])
  }

  @Test("What is consumed at one end makes room at the other: a steady stream does not grow it")
  func reuse() {
    var buffer = ByteBuffer()
    let chunk = [UInt8](repeating: 7, count: 100)
    buffer.append(chunk)
    for _ in 0..<10_000 {
      buffer.append(chunk)
      buffer.consume(100)
    }
    let (capacity, count) = (buffer.capacity, buffer.count)
    #expect(capacity <= 512)
    #expect(count == 100)
  }

  @Test("One reservation larger than doubling is granted whole")
  func largeReservation() {
    var buffer = ByteBuffer()
    buffer.append([1, 2, 3])
    buffer.consume(1)
    let room = buffer.reserve(1 << 20)
    room[(1 << 20) - 1] = 9
    buffer.commit(1 << 20)
    let (count, first, last) = (buffer.count, buffer.bytes[0], buffer.bytes[buffer.count - 1])
    #expect(count == (1 << 20) + 2)
    #expect(first == 2)
    #expect(last == 9)
  }
}
