import Synchronization
import TestSupport

/// What one client of a laboratory of reloads has seen.
struct ReloadJournal {
  /// When each pipeline, transaction or single request was sent, and when its last reply had come.
  var spans: [ClosedRange<Double>] = []
  var requests = 0
  var connectionsLost = 0
  /// Errors, and what was asked.
  var errors: [String] = []
  /// Replies that are none to what was asked, or not what is known to be there.
  var wrong: [String] = []
  /// Keys of acknowledged writes with their values.
  var written: [(key: String, value: String)] = []
  /// The last number that was appended to this client's list.
  var appended = 0
  /// Elements that were put into the queue, and taken from it.
  var pushed: [Int] = []
  var popped: [Int] = []
  /// What was published, and what was heard of it.
  var published = 0
  var heard: [Int] = []
}

/// A journal that its client writes and others look into.
final class ReloadJournalBox: Sendable {
  private let journal = Mutex(ReloadJournal())
  let clock: Stopwatch

  init(_ clock: Stopwatch) { self.clock = clock }

  var copy: ReloadJournal { journal.withLock { $0 } }
  var requests: Int { journal.withLock { $0.requests } }

  func note(_ change: (inout ReloadJournal) -> Void) { journal.withLock { change(&$0) } }

  /// Asks, and notes what is wrong with the replies.
  /// - Parameters:
  ///   - isTimed: whether how long it takes is the ambassador's doing.
  ///   - isGood: whether a reply, by its place, is the one to what was asked there.
  func ask(
    _ client: RESPClient, _ commands: [[String]], isTimed: Bool = true, isGood: (Int, RESPValue) -> Bool
  ) throws -> [RESPValue] {
    let begin = clock.now
    let replies = try client.pipeline(commands)
    let span = begin...max(begin, clock.now)
    note { journal in
      if isTimed { journal.spans.append(span) }
      journal.requests += commands.count
      for (index, reply) in replies.enumerated() where !isGood(index, reply) {
        let words = "\(commands[index].joined(separator: " ").prefix(60)): \("\(reply)".prefix(200))"
        if reply.isError { journal.errors.append(words) } else { journal.wrong.append(words) }
      }
    }
    return replies
  }
}

/// Whether clients may miss what they have written, because the data are other ones: from before a reload that leads to
/// other nodes until it is in force. The ambassador moves clients, not data.
final class DataMoves: Sendable {
  private let count = Atomic(0)

  func begin() { count.add(1, ordering: .sequentiallyConsistent) }
  func end() { count.add(1, ordering: .sequentiallyConsistent) }

  var stamp: Int { count.load(ordering: .sequentiallyConsistent) }

  /// Whether the data were the same ones from a stamp until now.
  func areSteady(since stamp: Int) -> Bool { stamp % 2 == 0 && stamp == self.stamp }
}
