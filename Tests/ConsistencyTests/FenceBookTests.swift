import Testing

@testable import Consistency

@Suite("The book of fences")
struct FenceBookTests {
  /// What happens to a book. Tickets count from 1 in the order of `begin`.
  enum Event {
    case begin
    case beginUnder(UInt64)
    case prove(Ticket, ReplicationPoint)
    case giveUp(Ticket)
    case cover(ReplicationPoint)
  }

  private func book(_ events: [Event]) -> FenceBook {
    var book = FenceBook()
    for event in events {
      switch event {
      case .begin: _ = book.begin(under: 1)
      case .beginUnder(let reign): _ = book.begin(under: reign)
      case .prove(let ticket, let point): book.prove(ticket, at: point)
      case .giveUp(let ticket): book.giveUp(ticket)
      case .cover(let point): _ = book.coverage(at: point)
      }
    }
    return book
  }

  struct Story: CustomTestStringConvertible {
    var testDescription: String
    var events: [Event]
    var fenced: Ticket
    var needsProbe: Bool
    /// What a replica at each of these is proven to have.
    var covers: [(ReplicationPoint, Ticket)]

    init(
      _ description: String, _ events: [Event], fenced: Ticket, needsProbe: Bool,
      covers: [(ReplicationPoint, Ticket)] = []
    ) {
      testDescription = description
      self.events = events
      self.fenced = fenced
      self.needsProbe = needsProbe
      self.covers = covers
    }
  }

  private static let o = History.old
  private static let n = History.new

  static let stories = [
    Story("nothing was written", [], fenced: 0, needsProbe: false, covers: [(o.replica(99), 0)]),
    Story("a batch is open", [.begin], fenced: 0, needsProbe: false, covers: [(o.replica(99), 0)]),
    Story(
      "a batch is proven", [.begin, .prove(1, o.primary(50))], fenced: 1, needsProbe: false,
      covers: [(o.replica(49), 0), (o.replica(50), 1), (o.replica(51), 1), (o.primary(50), 1), (o.replica(-1), 0)]),
    Story(
      "in order", [.begin, .begin, .prove(1, o.primary(50)), .prove(2, o.primary(60))], fenced: 2, needsProbe: false,
      covers: [(o.replica(50), 1), (o.replica(59), 1), (o.replica(60), 2)]),
    Story(
      "out of order: the open one holds the other back", [.begin, .begin, .prove(2, o.primary(60))], fenced: 0,
      needsProbe: false, covers: [(o.replica(99), 0)]),
    Story(
      "out of order: both lie where the furthest is",
      [.begin, .begin, .prove(2, o.primary(60)), .prove(1, o.primary(50))], fenced: 2, needsProbe: false,
      covers: [(o.replica(50), 0), (o.replica(59), 0), (o.replica(60), 2)]),
    Story(
      "nothing was written between two probes",
      [.begin, .prove(1, o.primary(50)), .begin, .prove(2, o.primary(50))], fenced: 2, needsProbe: false,
      covers: [(o.replica(49), 0), (o.replica(50), 2)]),

    Story("given up", [.begin, .giveUp(1)], fenced: 0, needsProbe: true),
    Story(
      "given up: one begun before does not prove it", [.begin, .begin, .giveUp(1), .prove(2, o.primary(60))], fenced: 0,
      needsProbe: true, covers: [(o.replica(99), 0)]),
    Story("given up: one begun after may prove it", [.begin, .giveUp(1), .begin], fenced: 0, needsProbe: false),
    Story(
      "given up: one begun after proves it", [.begin, .giveUp(1), .begin, .prove(2, o.primary(60))], fenced: 2,
      needsProbe: false, covers: [(o.replica(59), 0), (o.replica(60), 2)]),
    Story(
      "given up: so does a later one, and what is open between holds both back",
      [.begin, .giveUp(1), .begin, .begin, .prove(3, o.primary(70))], fenced: 1, needsProbe: false,
      covers: [(o.replica(69), 0), (o.replica(70), 1)]),
    Story(
      "given up, one after the other",
      [.begin, .begin, .giveUp(1), .begin, .giveUp(2), .giveUp(3), .begin, .prove(4, o.primary(80))], fenced: 4,
      needsProbe: false),
    Story(
      "given up: only what was begun after the last", [.begin, .begin, .giveUp(1), .begin, .giveUp(2)], fenced: 0,
      needsProbe: true),
    Story(
      "a replica answers instead of the primary", [.begin, .prove(1, o.replica(50))], fenced: 0, needsProbe: true,
      covers: [(o.replica(99), 0)]),

    Story(
      "another history: nothing is fenced, and somebody must ask",
      [.begin, .prove(1, o.primary(50)), .begin, .prove(2, n.primary(60))], fenced: 0, needsProbe: true,
      covers: [(o.replica(99), 0), (n.replica(99), 0)]),
    Story(
      "another history: batches begun before are not believed",
      [.begin, .prove(1, o.primary(50)), .begin, .begin, .prove(3, n.primary(60)), .prove(2, o.primary(55))],
      fenced: 0, needsProbe: true, covers: [(o.replica(99), 0), (n.replica(99), 0)]),
    Story(
      "another history: the next batch names the one that counts",
      [.begin, .prove(1, o.primary(50)), .begin, .prove(2, n.primary(60)), .begin, .prove(3, n.primary(40))], fenced: 3,
      needsProbe: false, covers: [(o.replica(99), 0), (n.replica(39), 0), (n.replica(40), 3)]),
    Story(
      "another history: the one that named it first may have been late",
      [.begin, .prove(1, o.primary(50)), .begin, .prove(2, n.primary(60)), .begin, .prove(3, o.primary(70))], fenced: 3,
      needsProbe: false, covers: [(n.replica(99), 0), (o.replica(50), 0), (o.replica(70), 3)]),
    Story(
      "another history: a late answer of the gone one does not bring it back",
      [
        .begin, .prove(1, o.primary(50)), .begin, .begin, .prove(2, n.primary(60)), .begin, .prove(4, n.primary(70)),
        .prove(3, o.primary(55)),
      ], fenced: 2, needsProbe: true, covers: [(o.replica(99), 0), (n.replica(69), 0), (n.replica(70), 2)]),
    Story(
      "another history: and the next batch proves what was late",
      [
        .begin, .prove(1, o.primary(50)), .begin, .begin, .prove(2, n.primary(60)), .begin, .prove(4, n.primary(70)),
        .prove(3, o.primary(55)), .begin, .prove(5, n.primary(80)),
      ], fenced: 5, needsProbe: false, covers: [(n.replica(70), 2), (n.replica(80), 5)]),

    Story(
      "a successor's batch is open: those of its predecessor are not believed",
      [.begin, .beginUnder(2), .prove(1, o.primary(50))], fenced: 0, needsProbe: true, covers: [(o.replica(99), 0)]),
    Story(
      "a successor: who has not heard of it proves nothing that goes to it",
      [.beginUnder(2), .giveUp(1), .beginUnder(1), .prove(2, o.primary(50))], fenced: 0, needsProbe: true,
      covers: [(o.replica(99), 0)]),
    Story(
      "a successor whose history is known: who has not heard of it does not bring the old one back",
      [
        .beginUnder(1), .prove(1, o.primary(50)), .beginUnder(2), .prove(2, n.primary(60)), .beginUnder(1),
        .prove(3, o.primary(70)),
      ], fenced: 0, needsProbe: true, covers: [(o.replica(99), 0), (n.replica(99), 0)]),
    Story(
      "a successor: it proves what was written to its predecessor and not lost",
      [.beginUnder(2), .beginUnder(1), .giveUp(2), .beginUnder(2), .prove(3, n.primary(60)), .prove(1, n.primary(50))],
      fenced: 3, needsProbe: false, covers: [(n.replica(60), 3)]),
    Story(
      "an outdated batch that is open is no probe under way", [.beginUnder(2), .giveUp(1), .beginUnder(1)], fenced: 0,
      needsProbe: true),

    Story(
      "a replica names another history: somebody must ask, though nothing is unfenced",
      [.begin, .prove(1, o.primary(50)), .cover(n.replica(60))], fenced: 1, needsProbe: true,
      covers: [(o.replica(50), 1)]),
    Story(
      "a doubt waits for a batch begun after it",
      [.begin, .prove(1, o.primary(50)), .begin, .cover(n.replica(60)), .prove(2, o.primary(60))], fenced: 2,
      needsProbe: true),
    Story(
      "a doubt that is being settled",
      [.begin, .prove(1, o.primary(50)), .cover(n.replica(60)), .begin, .cover(n.replica(60))], fenced: 1,
      needsProbe: false),
    Story(
      "a doubt that is settled",
      [.begin, .prove(1, o.primary(50)), .cover(n.replica(60)), .begin, .prove(2, o.primary(50))], fenced: 2,
      needsProbe: false),
    Story(
      "a doubt that was right",
      [
        .begin, .prove(1, o.primary(50)), .cover(n.replica(60)), .begin, .prove(2, n.primary(60)), .begin,
        .prove(3, n.primary(60)),
      ], fenced: 3, needsProbe: false, covers: [(n.replica(60), 3)]),
    Story("no doubt while no history is known", [.begin, .cover(n.replica(60))], fenced: 0, needsProbe: false),

    Story(
      "a replica that has thrown its data away", [.begin, .prove(1, o.primary(0))], fenced: 1, needsProbe: false,
      covers: [(o.replica(1), 0), (o.replica(0), 1), (o.replica(2), 1), (o.primary(0), 1)]),

    Story(
      "unknown tickets", [.prove(0, o.primary(1)), .prove(1, o.primary(1)), .giveUp(7)], fenced: 0, needsProbe: false),
    Story(
      "an unknown ticket is not proven in advance", [.prove(1, o.primary(50)), .begin], fenced: 0, needsProbe: false),
    Story(
      "proven twice", [.begin, .begin, .prove(1, o.primary(50)), .prove(1, o.primary(10)), .prove(1, n.primary(10))],
      fenced: 1, needsProbe: false, covers: [(o.replica(49), 0), (o.replica(50), 1)]),
    Story("given up when fenced", [.begin, .prove(1, o.primary(50)), .giveUp(1)], fenced: 1, needsProbe: false),
    Story(
      "given up when proven and held back",
      [.begin, .begin, .prove(2, o.primary(60)), .giveUp(2), .prove(1, o.primary(50))], fenced: 2, needsProbe: false),
    Story("proven when given up", [.begin, .giveUp(1), .prove(1, o.primary(50))], fenced: 0, needsProbe: true),
  ]

  @Test("Fences, coverage, and whether somebody must ask", arguments: stories)
  func tells(_ story: Story) {
    var book = book(story.events)
    #expect(book.fenced == story.fenced)
    #expect(book.needsProbe == story.needsProbe)
    for (point, ticket) in story.covers {
      let covered = book.coverage(at: point)
      #expect(covered == ticket, "at \(point)")
    }
  }

  @Test("A batch that stays open holds back thousands, and lets go of all at once")
  func longOpen() {
    var book = FenceBook()
    let open = book.begin(under: 1)
    for offset in 2...5000 as ClosedRange<Int64> { book.prove(book.begin(under: 1), at: Self.o.primary(offset * 10)) }
    #expect(book.fenced == 0)
    book.prove(open, at: Self.o.primary(15))
    #expect(book.fenced == 5000)
    let before = book.coverage(at: Self.o.replica(49_999))
    let after = book.coverage(at: Self.o.replica(50_000))
    #expect(before == 0 && after == 5000)
  }

  @Test("Thinned out, coverage grows with the offset, never says too much, and ends with the newest fence")
  func thinnedOut() {
    var book = FenceBook()
    for count in 1...20_000 as ClosedRange<Int64> {
      book.prove(book.begin(under: 1), at: Self.o.primary(count * 10))
      guard count % 997 == 0 else { continue }
      var last: Ticket = 0
      for behind in stride(from: count - count % 13, through: 0, by: -13) {
        let covered = book.coverage(at: Self.o.replica((count - behind) * 10))
        #expect(covered >= last)
        #expect(covered <= Ticket(count - behind))
        last = covered
      }
      #expect(last == Ticket(count))
    }
  }

  @Test("However far a replica is behind, its coverage grows", arguments: [1, 10, 100, 1000, 10_000])
  func constantlyBehind(by lag: Int64) {
    var book = FenceBook()
    for count in 1...40_000 as ClosedRange<Int64> {
      book.prove(book.begin(under: 1), at: Self.o.primary(count * 10))
      guard count > 2 * lag, count % 101 == 0 else { continue }
      let covered = Int64(book.coverage(at: Self.o.replica((count - lag) * 10)))
      #expect(count - covered <= lag + lag / 2 + 1, "after \(count)")
    }
  }

  /// A connection that is not read, or a user that may not run INFO, can leave a batch unproven for hours.
  @Test("What stays unproven costs the same however much is written meanwhile", arguments: [true, false])
  func bounded(isAnswered: Bool) {
    var book = FenceBook()
    let stuck = book.begin(under: 1)
    for offset: Int64 in 1...5000 {
      let (one, other) = (book.begin(under: 1), book.begin(under: 1))
      for ticket in [other, one] {
        if isAnswered { book.prove(ticket, at: History.old.primary(offset)) } else { book.giveUp(ticket) }
      }
    }
    #expect(book.fenced == 0)
    let kept = Mirror(reflecting: book).children.reduce(0) { $0 + (($1.value as? any Collection)?.count ?? 0) }
    #expect(kept < 500, "\(kept) elements")
    book.giveUp(stuck)
    book.prove(book.begin(under: 1), at: History.old.primary(9000))
    #expect(book.fenced == book.latest)
    #expect(!book.needsProbe)
  }
}
