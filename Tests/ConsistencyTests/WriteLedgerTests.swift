import Testing

@testable import Consistency

@Suite("The ledger of writes")
struct WriteLedgerTests {
  private static let o = History.old

  /// A hash that comes to this slot, with this tag.
  private static func hash(_ slot: UInt64, _ tag: UInt64) -> UInt64 {
    slot << (64 - KeySlots.bits) | tag << (KeySlots.ticketBits - KeySlots.bits)
  }

  @Test("The highest ticket of a key stays, in whatever order they come", arguments: [1, 4])
  func slots(writers: Int) {
    let ledger = SharedLedger(writers: writers)
    for top in [UInt64.max, Self.hash(7, 0), 0, Self.hash(8, 0xFFFF)] {
      #expect(ledger.lastWrite(top) == 0)
      for (ticket, expected) in [(3, 3), (2, 3), (3, 3), (9, 9), (0, 9)] as [(Ticket, Ticket)] {
        ledger.mark(top, ticket)
        #expect(ledger.lastWrite(top) == expected)
      }
    }
    #expect(ledger.lastWrite(Self.hash(9, 0)) == 0)
  }

  @Test("Keys that come to one slot are told apart until two of them were written lately", arguments: [1, 4])
  func sharedSlots(writers: Int) {
    let ledger = SharedLedger(writers: writers)
    let (one, two, three) = (Self.hash(5, 1), Self.hash(5, 2), Self.hash(5, 3))
    ledger.mark(one, 4)
    #expect(ledger.lastWrite(one) == 4 && ledger.lastWrite(two) == 0)
    ledger.mark(two, 6)
    #expect([one, two, three].map { ledger.lastWrite($0) } == [6, 6, 6], "all share it now")
    ledger.mark(three, 5)
    #expect([one, two, three].map { ledger.lastWrite($0) } == [6, 6, 6], "a late comer takes nothing back")
    #expect(ledger.lastWrite(Self.hash(6, 1)) == 0)
    ledger.mark(Self.hash(7, 1), 6)
    ledger.mark(Self.hash(7, 2), 5)
    #expect(ledger.lastWrite(Self.hash(7, 1)) == 6, "nor does one that comes second")
  }

  @Test("Behind the horizon a slot is the last writer's, all others' ticket is the horizon", arguments: [1, 4])
  func horizon(writers: Int) {
    let ledger = SharedLedger(writers: writers)
    let (one, two, three) = (Self.hash(5, 1), Self.hash(5, 2), Self.hash(5, 3))
    ledger.mark(one, 4)
    ledger.forget(upTo: 4)
    #expect(ledger.lastWrite(one) == 4, "known as long as nobody else comes")
    #expect(ledger.lastWrite(two) == 4 && ledger.lastWrite(Self.hash(6, 1)) == 4)
    ledger.mark(two, 7)
    #expect([one, two, three].map { ledger.lastWrite($0) } == [4, 7, 4])
    ledger.mark(three, 8)
    #expect([one, two, three].map { ledger.lastWrite($0) } == [8, 8, 8])
    ledger.forget(upTo: 8)
    ledger.mark(one, 9)
    #expect([one, two, three].map { ledger.lastWrite($0) } == [9, 8, 8], "a shared slot is one key's again")
    ledger.forget(upTo: 3)
    #expect(ledger.lastWrite(Self.hash(6, 1)) == 8, "the horizon never comes back")
  }

  @Test("Several keys are entered as one after the other would be", arguments: [1, 4])
  func together(writers: Int) {
    let ledger = SharedLedger(writers: writers)
    let slot = { (number: UInt64) in Self.hash(number, 0) }
    ledger.mark(slot(2), 9)
    [slot(1), slot(2), slot(3), slot(1)].withUnsafeBufferPointer { ledger.mark($0, 5) }
    #expect((0...4).map { ledger.lastWrite(slot($0)) } == [0, 5, 9, 5, 0])
    [slot(2), slot(2)].withUnsafeBufferPointer { ledger.mark($0, 8) }
    #expect(ledger.lastWrite(slot(2)) == 9)
    ledger.mark(UnsafeBufferPointer(start: nil, count: 0), 20)
    #expect(ledger.lastWrite(slot(0)) == 0)
  }

  /// Tickets are entered by several threads while the horizon moves; what any key says is never less than its last.
  @Test("No key's write is forgotten before the horizon, whoever takes its slot")
  func concurrentHorizon() async {
    let ledger = SharedLedger(writers: 4)
    await withTaskGroup(of: Void.self) { group in
      for thread in 0..<4 as Range<Ticket> {
        group.addTask {
          // All threads' keys come to two slots.
          let keys = (0..<6 as Range<UInt64>).map { Self.hash($0 % 2, thread * 100 + $0) }
          var last = Array(repeating: Ticket(0), count: keys.count)
          for step in 1..<20_000 as Range<Ticket> {
            let key = Int((step &* 2_654_435_761 >> 7) % 6)
            last[key] = step
            ledger.mark(keys[key], step)
            if step % 50 == thread { ledger.forget(upTo: step &- step % 40) }
            for (key, written) in zip(keys, last) { #expect(ledger.lastWrite(key) >= written) }
          }
        }
      }
    }
  }

  @Test("Somebody reads until nobody has for a while")
  func readers() {
    let ledger = SharedLedger(writers: 4)
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
    let ledger = SharedLedger(writers: 4)
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
    let ledger = SharedLedger(writers: 4)
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
    let ledger = SharedLedger(writers: 4)
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
    let ledger = SharedLedger(writers: 4)
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
