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
  /// Keys that were read as missing after their write was acknowledged. Only those may be that are missing in the end.
  var vanished: [String] = []
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
          journal.errors.append(("\(Self.kind(key)): \(text)", now))
        }
      } else {
        journal.wrong.append("\(reply) to a write of \(key)")
      }
    }
  }

  /// What its client does: `large`, `multi`, `watched`; a number of one of the plain writers says nothing.
  private static func kind(_ key: String) -> String {
    let part = key.split(separator: ":").dropFirst().first.map(String.init) ?? ""
    return part.allSatisfy(\.isNumber) ? "write" : part
  }

  /// Judges what is read of a write that was acknowledged. It may be gone: that is counted in the end, as a write that is
  /// missing; but one that is there in the end must have been there.
  func readBack(_ key: String, _ reply: RESPValue, _ value: String) {
    if reply.isNull { note { journal, _ in journal.vanished.append(key) } }
    read(key, reply, isGood: reply == .bulk(value) || reply.isNull, isSteady: false)
  }

  /// Judges the reply to a step on the way to a write; whether it is as expected.
  func step(_ key: String, _ reply: RESPValue, _ expected: RESPValue) -> Bool {
    if reply != expected { write(key, reply) { _ in false } }
    return reply == expected
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
