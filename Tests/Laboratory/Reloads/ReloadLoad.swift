import Synchronization
import TestSupport

/// Clients of every kind, as fast as they are answered, each on one connection for all the time, in both protocols, and
/// each reply recognisable.
final class ReloadLoad: Sendable {
  static let seeds = 100
  static func seed(_ index: Int) -> String { "lab:seed:\(index)" }
  static func seedValue(_ index: Int) -> String { "belongs to \(index)" }
  static let queue = "lab:queue"
  private static let channel = "lab:channel"

  /// How many clients of each kind there are; half of them speak RESP3.
  private static let pipelines = 6
  private static let transactions = 2
  private static let poppers = 2
  private static let subscribers = 4

  private typealias Act = @Sendable (RESPClient, Int, Int, ReloadJournalBox, DataMoves) throws -> Void

  private let steady: [ReloadJournalBox]
  private let waiting: [ReloadJournalBox]
  private let crew: Crew
  private let waitingCrew: Crew
  private let waitingClients: [RESPClient]

  init(on ambassador: AmbassadorProcess, clock: Stopwatch, moves: DataMoves) throws {
    var acts: [Act] = Array(repeating: Self.pipeline, count: Self.pipelines)
    acts += Array(repeating: Self.transact, count: Self.transactions)
    acts += [Self.timeOut, Self.push, Self.publish]
    let plan = acts
    let journals = plan.map { _ in ReloadJournalBox(clock) }
    steady = journals
    crew = Crew(plan.count) { index, shift in
      try Self.work(journals[index], shift) {
        let client = try Self.connect(ambassador, index)
        var number = 0
        while !shift.isOver {
          number += 1
          try plan[index](client, index, number, journals[index], moves)
        }
      }
    }
    let waitingJournals = (0..<Self.poppers + Self.subscribers).map { _ in ReloadJournalBox(clock) }
    let clients = try waitingJournals.indices.map { try Self.connect(ambassador, $0, patience: .seconds(300)) }
    for client in clients[Self.poppers...] { try client.call("SUBSCRIBE", Self.channel) }
    waiting = waitingJournals
    waitingClients = clients
    waitingCrew = Crew(clients.count) { index, shift in
      try Self.work(waitingJournals[index], shift) {
        while !shift.isOver {
          if index < Self.poppers {
            try Self.pop(clients[index], waitingJournals[index])
          } else {
            try Self.hear(clients[index], waitingJournals[index])
          }
        }
      }
    }
  }

  private static func connect(
    _ ambassador: AmbassadorProcess, _ index: Int, patience: Duration = .seconds(60)
  ) throws -> RESPClient {
    let client = try ambassador.connect(patience: patience)
    if index % 2 == 1 { try client.call("HELLO", "3") }
    return client
  }

  private static func work(_ journal: ReloadJournalBox, _ shift: Crew.Shift, _ body: () throws -> Void) throws {
    do { try body() } catch is RESPClient.Closed {
      if !shift.isOver { journal.note { $0.connectionsLost += 1 } }
    } catch {
      if !shift.isOver { throw error }
    }
  }

  // MARK: - What clients do

  /// Sixteen requests in one piece: unique values, each read back, a list that shows order and repetitions, and data that
  /// are the same everywhere.
  private static func pipeline(
    _ client: RESPClient, _ index: Int, _ number: Int, _ journal: ReloadJournalBox, _ moves: DataMoves
  ) throws {
    let stamp = moves.stamp
    let numbers = ((number - 1) * 4 + 1)...(number * 4)
    func key(_ number: Int) -> String { "lab:value:\(index):\(number)" }
    func value(_ number: Int) -> String { "value \(index):\(number)" }
    func pick(_ number: Int) -> Int { (index * 31 + number * 7) % seeds }
    let commands = numbers.flatMap {
      [
        ["SET", key($0), value($0)], ["RPUSH", "lab:list:\(index)", "\($0)"], ["GET", key($0)],
        ["GET", seed(pick($0))],
      ]
    }
    _ = try journal.ask(client, commands) { place, reply in
      let number = numbers.lowerBound + place / 4
      switch place % 4 {
      case 0: return reply == .simple("OK")
      case 1: if case .integer = reply { return true } else { return false }
      case 2: return reply == .bulk(value(number)) || reply.isNull && !moves.areSteady(since: stamp)
      default: return reply == .bulk(seedValue(pick(number)))
      }
    }
    journal.note { journal in
      journal.appended = numbers.upperBound
      journal.written += numbers.map { (key($0), value($0)) }
    }
  }

  /// A transaction that depends on what was read, a round trip each: it ends where it began, whatever is reloaded.
  private static func transact(
    _ client: RESPClient, _ index: Int, _ number: Int, _ journal: ReloadJournalBox, _ moves: DataMoves
  ) throws {
    let (key, value) = ("lab:watched:\(index):\(number)", "value \(index):\(number)")
    func isExecuted(_ reply: RESPValue) -> Bool {
      guard case .array(let results) = reply, results.count == 3 else { return false }
      return results[0] == .simple("OK") && results[2] == .bulk(value)
    }
    let queued = { (reply: RESPValue) in reply == .simple("QUEUED") }
    let steps: [(words: [String], isGood: (RESPValue) -> Bool)] = [
      (["WATCH", key], { $0 == .simple("OK") }), (["GET", key], { $0.isNull }), (["MULTI"], { $0 == .simple("OK") }),
      (["SET", key, value], queued), (["RPUSH", "lab:list:\(index)", "\(number)"], queued), (["GET", key], queued),
      (["EXEC"], isExecuted),
    ]
    for (words, isGood) in steps { _ = try journal.ask(client, [words]) { isGood($1) } }
    journal.note { journal in
      journal.appended = number
      journal.written.append((key, value))
    }
  }

  /// A command that blocks until its own time is over.
  private static func timeOut(
    _ client: RESPClient, _ index: Int, _ number: Int, _ journal: ReloadJournalBox, _ moves: DataMoves
  ) throws {
    _ = try journal.ask(client, [["BLPOP", "lab:nothing", "0.05"]], isTimed: false) { $1.isNull }
  }

  private static func push(
    _ client: RESPClient, _ index: Int, _ number: Int, _ journal: ReloadJournalBox, _ moves: DataMoves
  ) throws {
    let replies = try journal.ask(client, [["RPUSH", queue, "\(number)"]]) {
      if case .integer = $1 { true } else { false }
    }
    if replies[0].isError == false { journal.note { $0.pushed.append(number) } }
    TestSupport.pause(.milliseconds(5))
  }

  private static func publish(
    _ client: RESPClient, _ index: Int, _ number: Int, _ journal: ReloadJournalBox, _ moves: DataMoves
  ) throws {
    _ = try journal.ask(client, [["PUBLISH", channel, "\(number)"]]) {
      if case .integer = $1 { true } else { false }
    }
    journal.note { $0.published = number }
    TestSupport.pause(.milliseconds(5))
  }

  /// Waits for an element, for ever if need be. How long it takes says nothing.
  private static func pop(_ client: RESPClient, _ journal: ReloadJournalBox) throws {
    let reply = try client.call("BLPOP", queue, "0")
    journal.note { journal in
      if let element = reply.elements?.last?.text.flatMap({ Int($0) }) {
        journal.requests += 1
        journal.popped.append(element)
      } else if reply.isError {
        journal.errors.append("BLPOP: \(reply)")
      } else {
        journal.wrong.append("BLPOP: \(reply)")
      }
    }
  }

  private static func hear(_ client: RESPClient, _ journal: ReloadJournalBox) throws {
    let message = try client.reply().value
    journal.note { journal in
      guard let parts = message.elements, parts.count == 3, parts[0].text == "message",
        let number = parts[2].text.flatMap({ Int($0) })
      else { return journal.wrong.append("to a subscriber: \(message)") }
      if let last = journal.heard.last, number <= last {
        journal.wrong.append("to a subscriber: \(number) after \(last)")
      }
      journal.heard.append(number)
    }
  }

  // MARK: - For whoever watches

  var journals: [ReloadJournal] { (steady + waiting).map(\.copy) }
  var requests: Int { (steady + waiting).reduce(0) { $0 + $1.requests } }

  /// Goes on for so many seconds, and until every client was served anew.
  func goOn(for seconds: Double = 0) throws {
    let before = steady.map(\.requests)
    let deadline = Deadline(within: .seconds(seconds))
    try eventually(within: .seconds(seconds + 60), "all clients are served") {
      try throwIfBroken()
      return deadline.isOver && zip(steady, before).allSatisfy { $0.requests > $1 }
    }
  }

  func throwIfBroken() throws {
    if let error = crew.errors.first ?? waitingCrew.errors.first { throw error }
  }

  /// Ends the clients that ask; the others are waited for by ``stopWaiting()``.
  func stop() throws { try crew.stop() }

  /// Ends those that wait, under their hands.
  func stopWaiting() throws {
    waitingCrew.dismiss()
    for client in waitingClients { client.shutDown() }
    try waitingCrew.finish()
  }

  /// The numbers that each client has appended to a list of its own.
  var lists: [(key: String, count: Int)] {
    steady.enumerated().compactMap { index, journal in
      let count = journal.copy.appended
      return count > 0 ? ("lab:list:\(index)", count) : nil
    }
  }

  func publish(_ number: Int, through client: RESPClient) throws {
    _ = try client.call("PUBLISH", Self.channel, "\(number)")
  }

  /// Whether every subscriber has heard this.
  func allHeard(_ number: Int) -> Bool { waiting[Self.poppers...].allSatisfy { $0.copy.heard.contains(number) } }
}
