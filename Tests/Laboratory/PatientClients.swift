import Synchronization
import TestSupport

/// A client that listens to a channel. It misses what is published while nobody can tell it, but keeps its connection.
final class SubscriberClient: Sendable {
  let journal: SharedJournal
  private final class Words: Sendable {
    let value = Mutex<Set<String>>([])
  }
  private let heard = Words()
  private let crew: Crew
  private let box: Box

  private static let channel = "lab:channel"

  init(_ ambassador: AmbassadorProcess, _ clock: Stopwatch) throws {
    let journal = SharedJournal(clock)
    self.journal = journal
    let client = try ambassador.connect(patience: .seconds(300))
    try client.call("SUBSCRIBE", Self.channel)
    let box = Box(client)
    self.box = box
    crew = Crew(1) { [heard] _, shift in
      while !shift.isOver {
        do {
          let message = try box.client.reply().value
          guard case .array(let parts) = message, parts.count == 3, let text = parts[2].text else {
            journal.note { log, now in
              if let text = message.errorText {
                log.errors.append((text, now))
              } else {
                log.wrong.append("\(message) to a subscriber")
              }
            }
            continue
          }
          heard.value.withLock { _ = $0.insert(text) }
        } catch {
          if !shift.isOver { journal.note { $0.lostConnections.append($1) } }
          return
        }
      }
    }
  }

  /// Waits until what is published now reaches it.
  func hear(_ word: String, from ambassador: AmbassadorProcess) throws {
    let publisher = try ambassador.connect()
    try eventually("the subscriber hears") {
      _ = try publisher.call("PUBLISH", Self.channel, word)
      return heard.value.withLock { $0.contains(word) } || !journal.copy.lostConnections.isEmpty
    }
  }

  func stop() {
    crew.dismiss()
    box.client.shutDown()
  }
}

/// A client that waits for an element all the time, and gets one at the end.
final class BlockedClient: Sendable {
  let journal: SharedJournal
  private final class Count: Sendable {
    let value = Atomic(0)
  }
  private let popped = Count()
  private let crew: Crew
  private let box: Box

  private static let queue = "lab:queue"

  init(_ ambassador: AmbassadorProcess, _ clock: Stopwatch) throws {
    let journal = SharedJournal(clock)
    self.journal = journal
    let client = try ambassador.connect(patience: .seconds(300))
    let box = Box(client)
    self.box = box
    crew = Crew(1) { [popped] _, shift in
      while !shift.isOver {
        do {
          let reply = try box.client.call("BLPOP", Self.queue, "0")
          if let text = reply.errorText {
            journal.note { log, now in
              if text.hasPrefix("AMBUNKNOWN") {
                log.unknown.append(("BLPOP: \(text)", now))
              } else {
                log.errors.append((text, now))
              }
            }
            pause(.milliseconds(20))
          } else if case .array(let parts) = reply, parts.count == 2 {
            popped.value.add(1, ordering: .relaxed)
          } else {
            journal.note { log, _ in log.wrong.append("\(reply) to BLPOP") }
          }
        } catch {
          if !shift.isOver { journal.note { $0.lostConnections.append($1) } }
          return
        }
      }
    }
  }

  /// Waits until what is pushed now reaches it.
  func pop(from ambassador: AmbassadorProcess) throws {
    let pusher = try ambassador.connect()
    let before = popped.value.load(ordering: .relaxed)
    try eventually("the one that waits gets an element") {
      _ = try pusher.call("RPUSH", Self.queue, "element")
      return popped.value.load(ordering: .relaxed) > before || !journal.copy.lostConnections.isEmpty
    }
  }

  func stop() {
    crew.dismiss()
    box.client.shutDown()
  }
}

/// A client that one thread reads from while another may end it.
private final class Box: Sendable {
  let client: RESPClient
  init(_ client: RESPClient) { self.client = client }
}
