import Synchronization
import TestSupport

/// What one client has seen.
struct Journal {
  /// Keys of acknowledged writes, and when that was.
  var acknowledged: [(key: String, at: Double)] = []
  /// Writes of unknown fate, and what was said of them.
  var unknown: [(text: String, at: Double)] = []
  /// Reads of data that were there all the time.
  var reads: [Double] = []
  var errors: [(text: String, at: Double)] = []
  var readErrors: [(text: String, at: Double)] = []
  var lostConnections: [Double] = []
  /// Replies that are none to what was asked.
  var wrong: [String] = []
}

/// A journal that its client writes and others look into.
final class SharedJournal: Sendable {
  private let journal = Mutex(Journal())
  let clock: Stopwatch

  init(_ clock: Stopwatch) { self.clock = clock }

  var copy: Journal { journal.withLock { $0 } }

  func note(_ change: (inout Journal, _ now: Double) -> Void) {
    let now = clock.now
    journal.withLock { change(&$0, now) }
  }

  /// Judges the reply to a write.
  func write(_ key: String, _ reply: RESPValue, expecting good: (RESPValue) -> Bool = { $0 == .simple("OK") }) {
    note { journal, now in
      if good(reply) {
        journal.acknowledged.append((key, now))
      } else if let text = reply.errorText {
        if text.hasPrefix("AMBUNKNOWN") {
          journal.unknown.append(("\(key): \(text)", now))
        } else {
          journal.errors.append((text, now))
        }
      } else {
        journal.wrong.append("\(reply) to a write of \(key)")
      }
    }
  }

  /// Judges the reply to a read.
  func read(_ key: String, _ reply: RESPValue, isGood: Bool, isSteady: Bool) {
    note { journal, now in
      if isGood {
        if isSteady { journal.reads.append(now) }
      } else if let text = reply.errorText {
        journal.readErrors.append((text, now))
      } else {
        journal.wrong.append("\(reply) to a read of \(key)")
      }
    }
  }
}
