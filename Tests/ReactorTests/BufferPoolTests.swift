import Testing

@testable import Reactor

@Suite("Large buffers that are used again")
struct BufferPoolTests {
  @Test("One that was given back is given out again, empty, with all its room")
  func reuse() {
    var pool = BufferPool(capacity: 1000, limit: 2)
    var one = pool.take()
    let memory = UnsafeRawPointer(one.reserve(1000))
    let isRoomEnough = one.room == 1000
    #expect(isRoomEnough)
    one.append([1, 2, 3])
    pool.giveBack(&one)
    #expect(pool.count == 0, "it still holds something")
    one.consume(3)
    pool.giveBack(&one)
    #expect(pool.count == 1)
    let isAsNew = one.isEmpty && one.room == 0
    #expect(isAsNew)
    var other = pool.take()
    #expect(UnsafeRawPointer(other.reserve(1000)) == memory)
    #expect(pool.count == 0)
  }

  @Test("No more than so many are kept, and none of another size")
  func limit() {
    var pool = BufferPool(capacity: 1000, limit: 2)
    var one = pool.take()
    var two = pool.take()
    var three = pool.take()
    pool.giveBack(&one)
    pool.giveBack(&two)
    pool.giveBack(&three)
    #expect(pool.count == 2)
    let keepsItsOwn = three.room == 1000
    #expect(keepsItsOwn)
    var small = ByteBuffer()
    small.append([1])
    small.consume(1)
    var never = ByteBuffer()
    pool.release()
    pool.giveBack(&small)
    pool.giveBack(&never)
    #expect(pool.count == 0)
  }
}
