import Testing

@testable import Consistency

@Suite("The ledger of writes")
struct WriteLedgerTests {
  private static let o = History.old

  @Test("The highest ticket of a slot stays, in whatever order they come")
  func slots() {
    let ledger = SharedLedger()
    let top = UInt64.max
    #expect(ledger.lastWrite(top) == 0)
    for (ticket, expected) in [(3, 3), (2, 3), (3, 3), (9, 9), (0, 9)] as [(Ticket, Ticket)] {
      ledger.mark(top, ticket)
      #expect(ledger.lastWrite(top) == expected)
    }
    #expect(ledger.lastWrite(0) == 0)
    ledger.mark(0, 1)
    #expect(ledger.lastWrite(0) == 1)
    #expect(ledger.lastWrite(1 << (64 - KeySlots.bits)) == 0)
    #expect(ledger.lastWrite(1) == 1, "a neighbour in the same slot")
  }

  @Test("Several keys are entered as one after the other would be")
  func together() {
    let ledger = SharedLedger()
    let slot = { (number: UInt64) in number << (64 - KeySlots.bits) }
    ledger.mark(slot(2), 9)
    [slot(1), slot(2), slot(3), slot(1)].withUnsafeBufferPointer { ledger.mark($0, 5) }
    #expect((0...4).map { ledger.lastWrite(slot($0)) } == [0, 5, 9, 5, 0])
    [slot(2), slot(2)].withUnsafeBufferPointer { ledger.mark($0, 8) }
    #expect(ledger.lastWrite(slot(2)) == 9)
    ledger.mark(UnsafeBufferPointer(start: nil, count: 0), 20)
    #expect(ledger.lastWrite(slot(0)) == 0)
  }

  @Test("Somebody reads until nobody has for a while")
  func readers() {
    let ledger = SharedLedger()
    #expect(!ledger.isRead(at: 0, within: 1) && !ledger.isRead(at: 1e6, within: 1))
    ledger.noteRead(at: 100)
    #expect(ledger.isRead(at: 100, within: 1) && ledger.isRead(at: 100.9, within: 1))
    #expect(!ledger.isRead(at: 101.2, within: 1))
    ledger.noteRead(at: 99)
    #expect(ledger.isRead(at: 100.9, within: 1), "threads that come late take nothing back")
    ledger.noteRead(at: 101.5)
    #expect(ledger.isRead(at: 102.4, within: 1))
  }

  @Test("The highest ticket stays when several threads mark the same slots")
  func concurrentMarks() async {
    let ledger = SharedLedger()
    let hashes: [UInt64] = [0, .max, 0x1234_5678_9ABC_DEF0]
    await withTaskGroup(of: Void.self) { group in
      for thread in 0..<4 as Range<Ticket> {
        group.addTask {
          for step in 0..<5_000 as Range<Ticket> {
            // Some threads count up and some down.
            let ticket = thread % 2 == 0 ? step * 4 + thread : (4_999 - step) * 4 + thread
            for hash in hashes {
              ledger.mark(hash, ticket)
              #expect(ledger.lastWrite(hash) >= ticket)
            }
            if step % 16 == 0 { ledger.markEverything(ticket / 8) }
          }
        }
      }
    }
    for hash in hashes { #expect(ledger.lastWrite(hash) == 4_999 * 4 + 3) }
    #expect(ledger.lastWriteToEverything == (4_999 * 4 + 3) / 8)
  }

  @Test("Threads that begin and prove at once leave everything fenced")
  func concurrentBatches() async {
    let ledger = SharedLedger()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          for _ in 0..<2_000 {
            let ticket = ledger.begin(under: 1)
            #expect(ledger.latest >= ticket)
            // As a primary whose offset grows with each batch would answer.
            ledger.prove(ticket, at: Self.o.primary(Int64(ticket) * 10))
          }
        }
      }
    }
    #expect(ledger.latest == 8_000)
    #expect(ledger.fenced == 8_000)
    #expect(!ledger.needsProbe)
    #expect(ledger.coverage(at: Self.o.replica(80_000)) == 8_000)
    #expect(ledger.coverage(at: Self.o.replica(79_999)) < 8_000)
  }

  @Test("A write to everything counts for every key, and for none less than its own")
  func everything() {
    let ledger = SharedLedger()
    ledger.mark(0, 5)
    ledger.markEverything(3)
    #expect(ledger.lastWrite(0) == 5)
    #expect(ledger.lastWrite(UInt64.max) == 3)
    ledger.markEverything(2)
    #expect(ledger.lastWriteToEverything == 3)
    ledger.markEverything(7)
    #expect(ledger.lastWrite(0) == 7)
    #expect(ledger.lastWrite(UInt64.max) == 7)
  }

  @Test("What threads see follows the book")
  func followsBook() {
    let ledger = SharedLedger()
    let first = ledger.begin(under: 1)
    #expect(ledger.latest == first && ledger.fenced == 0)
    ledger.prove(first, at: Self.o.primary(50))
    #expect(ledger.fenced == first)
    let second = ledger.begin(under: 1)
    ledger.giveUp(second)
    #expect(ledger.needsProbe)
    let third = ledger.begin(under: 1)
    ledger.prove(third, at: History.new.primary(60))
    #expect(ledger.fenced == 0)
    let fourth = ledger.begin(under: 1)
    ledger.prove(fourth, at: History.new.primary(60))
    #expect(ledger.fenced == fourth && ledger.latest == fourth)
    #expect(ledger.coverage(at: History.new.replica(60)) == fourth)
  }
}
