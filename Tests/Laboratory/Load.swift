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

  /// Writers, two with transactions, one with large values, one that pops.
  static let clientsThatWrite = writers + 4
  private static let largeSize = 200 << 10
  private static let largePiece = 32 << 10

  private let journals: [SharedJournal]
  private let paces: [Double]
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
    acts.append((Self.writeLarge, 0.25))
    let journals = acts.map { _ in SharedJournal(clock) }
    self.journals = journals
    paces = acts.map(\.pace)
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
    journal.readBack(key, try client.call("GET", key), value)
  }

  /// A large value a piece at a time: a primary may go in the middle of it.
  private static func writeLarge(_ client: RESPClient, _ index: Int, _ number: Int, _ journal: SharedJournal) throws {
    let (key, value) = ("lab:large:\(number)", String(repeating: "value \(number);", count: largeSize / 12))
    let reply: RESPValue
    do { reply = try sendInPieces(["SET", key, value], to: client) } catch {
      journal.note { $0.unknown.append(("\(key): \(error)", $1)) }
      throw error
    }
    journal.write(key, reply)
    guard reply == .simple("OK") else { return }
    journal.readBack(key, try client.call("GET", key), value)
  }

  private static func sendInPieces(_ command: [String], to client: RESPClient) throws -> RESPValue {
    let bytes = Array(Request.bytes(command))
    for start in stride(from: 0, to: bytes.count, by: largePiece) {
      try client.send(Array(bytes[start..<min(start + largePiece, bytes.count)]))
      TestSupport.pause(.milliseconds(1))
    }
    return try client.reply().value
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
    let queued = RESPValue.simple("QUEUED")
    for (reply, expected) in zip(replies, [.simple("OK"), queued, queued]) {
      guard journal.step(key, reply, expected) else { return }
    }
    judge(replies[3], key, value, journal)
  }

  /// One that depends on what it has read, a round trip each. That it is told that the key has changed is no error.
  private static func transactWatching(
    _ client: RESPClient, _ index: Int, _ number: Int, _ journal: SharedJournal
  ) throws {
    let (key, value) = ("lab:watched:\(number)", "value \(number)")
    let steps: [(command: [String], reply: RESPValue)] = [
      (["WATCH", key], .simple("OK")), (["GET", key], .nullBulk), (["MULTI"], .simple("OK")),
      (["SET", key, value], .simple("QUEUED")), (["STRLEN", key], .simple("QUEUED")),
    ]
    for step in steps {
      guard journal.step(key, try client.call(step.command), step.reply) else {
        // Whatever came of it, the next one begins anew.
        _ = try client.pipeline([["DISCARD"], ["UNWATCH"]])
        return
      }
    }
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
      all.vanished += journal.vanished
    }
    return all
  }

  /// When the writers alone were answered: the transactions are too few to measure by.
  var writeTimes: [Double] { journals[..<Self.writers].flatMap { $0.copy.acknowledged.map(\.at) }.sorted() }

  /// Waits until everybody is served anew.
  /// - Parameter count: how often a writer or reader; those that are slower, as often as they can be in that time.
  func goOn(_ count: Int = 20) throws {
    let wanted = paces.map { max(1, Int(Double(count) * Self.pace / $0)) }
    let before = journals.map(\.copy)
    try eventually(within: .seconds(60), "all clients are served") {
      if let error = crew.errors.first { throw error }
      return journals.indices.allSatisfy { index in
        let (now, then) = (journals[index].copy, before[index])
        return now.acknowledged.count + now.reads.count >= then.acknowledged.count + then.reads.count + wanted[index]
      }
    }
  }

  func stop() throws {
    try crew.stop(within: .seconds(120))
    subscriber.stop()
    popper.stop()
  }
}
