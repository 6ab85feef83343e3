import Testing

@testable import Proxy

/// What an outage was for the requests, told once it is over.
@Suite("The toll of an outage")
struct OutageTests {
  @Test("Told once, when all has been quiet for a moment, and only what is new")
  func story() {
    var book = OutageBook()
    var counters = WorkerCounters()
    func look(_ now: Double, isAbsent: Bool = false) -> OutageToll? {
      book.look(counters, isAbsent: isAbsent, now: now).toll
    }
    #expect(look(0) == nil && look(1) == nil)
    counters.unknownFates = 1
    #expect(look(2) == nil)
    (book.began, counters.held) = (2, 4)
    // While somebody waits, it is not over.
    for now in [2.1, 3, 4] { #expect(look(now, isAbsent: true) == nil) }
    (book.ended, counters.takenBack) = (4, 2)
    #expect(look(4.1) == nil && look(4.3) == nil)
    #expect(look(4.5) == OutageToll(waited: 4, longest: 2, askedAgain: 2, unknown: 1))
    #expect(look(9) == nil && !book.look(counters, isAbsent: false, now: 9).isOpen)
    counters.unknownFates = 2
    #expect(look(10) == nil)
    #expect(look(11) == OutageToll(unknown: 1))
  }
}
