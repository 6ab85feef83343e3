import Synchronization
import TestSupport

/// Clients at a steady rate, each on one connection for all the time, and each reply recognisable.
final class Load: Sendable {
  static let seeds = 200
  static func seed(_ index: Int) -> String { "lab:seed:\(index)" }
  static func seedValue(_ index: Int) -> String { "belongs to \(index)" }

  /// Seconds between two requests of a client that writes or reads.
  private static let pace = 0.01
  static let writers = 4
  private static let readers = 4

  private let journals: [SharedJournal]
  private let crew: Crew
  let subscriber: SubscriberClient
  let popper: BlockedClient

  init(on ambassador: AmbassadorProcess, clock: Stopwatch) throws {
    let (pace, writers) = (Self.pace, Self.writers)
    typealias Act = @Sendable (RESPClient, Int, Int, SharedJournal) throws -> Void
    var acts: [(act: Act, pace: Double)] = []
    for _ in 0..<writers { acts.append((Self.writeAndReadBack, pace)) }
    for _ in 0..<Self.readers { acts.append((Self.readSeeds, pace)) }
    acts.append((Self.transact, 0.025))
    acts.append((Self.transactWatching, 0.025))
    let journals = acts.map { _ in SharedJournal(clock) }
    self.journals = journals
    let plan = acts
    crew = Crew(plan.count) { index, shift in
      let (act, pace) = plan[index]
      let journal = journals[index]
      var client: RESPClient?
      // Not all at one moment.
      var due = clock.now + pace * Double(index % writers) / Double(writers)
      var number = 0
      while !shift.isOver {
        do {
          let connection = try client ?? ambassador.connect(patience: .seconds(90))
          client = connection
          number += 1
          try act(connection, index, number, journal)
        } catch is RESPClient.Closed {
          client = nil
          journal.note { $0.lostConnections.append($1) }
        }
        due += pace
        let left = due - clock.now
        if left > 0 { TestSupport.pause(.microseconds(Int(left * 1_000_000))) } else { due -= left }
      }
    }
    subscriber = try SubscriberClient(ambassador, clock)
    popper = try BlockedClient(ambassador, clock)
  }

  /// A new key each time, and at once the same key again: pod-wide read-your-writes has to hold through everything.
  private static func writeAndReadBack(
    _ client: RESPClient, _ index: Int, _ number: Int, _ journal: SharedJournal
  ) throws {
    let (key, value) = ("lab:\(index):\(number)", "value \(index):\(number)")
    let reply: RESPValue
    do { reply = try client.call("SET", key, value) } catch {
      journal.note { $0.unknown.append(("\(key): \(error)", $1)) }
      throw error
    }
    journal.write(key, reply)
    guard reply == .simple("OK") else { return }
    // It may be gone: that is counted in the end, as a write that is missing.
    let back = try client.call("GET", key)
    journal.read(key, back, isGood: back == .bulk(value) || back == .nullBulk, isSteady: false)
  }

  /// What was there all the time, two at once: replies must come to the right one.
  private static func readSeeds(_ client: RESPClient, _ index: Int, _ number: Int, _ journal: SharedJournal) throws {
    let picks = [(index * 31 + number) % seeds, (index * 31 + number * 7 + 1) % seeds]
    for (pick, reply) in zip(picks, try client.pipeline(picks.map { ["GET", seed($0)] })) {
      journal.read(seed(pick), reply, isGood: reply == .bulk(seedValue(pick)), isSteady: true)
    }
  }

  /// A transaction in one piece.
  private static func transact(_ client: RESPClient, _ index: Int, _ number: Int, _ journal: SharedJournal) throws {
    let (key, value) = ("lab:multi:\(number)", "value \(number)")
    let replies = try client.pipeline([["MULTI"], ["SET", key, value], ["STRLEN", key], ["EXEC"]])
    judge(replies[3], key, value, journal)
  }

  /// One that depends on what it has read, a round trip each. That it is told that the key has changed is no error.
  private static func transactWatching(
    _ client: RESPClient, _ index: Int, _ number: Int, _ journal: SharedJournal
  ) throws {
    let (key, value) = ("lab:watched:\(number)", "value \(number)")
    let watched = try client.call("WATCH", key)
    guard watched == .simple("OK") else { return journal.write(key, watched) }
    _ = try client.call("GET", key)
    _ = try client.call("MULTI")
    _ = try client.call("SET", key, value)
    _ = try client.call("STRLEN", key)
    let reply = try client.call("EXEC")
    if !reply.isNull { judge(reply, key, value, journal) }
  }

  private static func judge(_ reply: RESPValue, _ key: String, _ value: String, _ journal: SharedJournal) {
    journal.write(key, reply) { $0 == .array([.simple("OK"), .integer(value.utf8.count)]) }
  }

  /// All that was seen so far.
  var seen: Journal {
    var all = Journal()
    for journal in journals.map(\.copy) + [subscriber.journal.copy, popper.journal.copy] {
      all.acknowledged += journal.acknowledged
      all.unknown += journal.unknown
      all.reads += journal.reads
      all.errors += journal.errors
      all.readErrors += journal.readErrors
      all.lostConnections += journal.lostConnections
      all.wrong += journal.wrong
    }
    return all
  }

  /// When the writers alone were answered: the transactions are too few to measure by.
  var writeTimes: [Double] { journals[..<Self.writers].flatMap { $0.copy.acknowledged.map(\.at) }.sorted() }

  /// Waits until everybody is served anew.
  func goOn(_ count: Int = 20) throws {
    let before = journals.map(\.copy)
    try eventually(within: .seconds(60), "all clients are served") {
      if let error = crew.errors.first { throw error }
      return zip(journals.map(\.copy), before).allSatisfy {
        $0.acknowledged.count + $0.reads.count >= $1.acknowledged.count + $1.reads.count + count
      }
    }
  }

  func stop() throws {
    try crew.stop(within: .seconds(120))
    subscriber.stop()
    popper.stop()
  }
}
