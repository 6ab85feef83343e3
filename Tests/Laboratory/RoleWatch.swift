import Synchronization
import TestSupport

/// Asks nodes all the time whether they are primaries that take writes, so that it is known to a few milliseconds when one
/// has become so.
final class RoleWatch: Sendable {
  struct Turn: Sendable {
    let port: UInt16
    let at: Double
  }

  private final class Turns: Sendable {
    let value = Mutex<[Turn]>([])
  }
  private let turns = Turns()
  private let crew: Crew

  init(_ nodes: [RedisServer], clock: Stopwatch) {
    crew = Crew(nodes.count) { [turns] index, shift in
      let node = nodes[index]
      var client: RESPClient?
      var was: Bool?
      while !shift.isOver {
        do {
          let connection = try client ?? node.connect(patience: .milliseconds(500))
          client = connection
          if let text = try connection.call("INFO", "replication").text {
            // With `min-replicas-to-write` a primary takes none before it has them.
            let takesWrites = text.contains("role:master") && !text.contains("min_slaves_good_slaves:0")
            if takesWrites, was == false { turns.value.withLock { $0.append(Turn(port: node.port, at: clock.now)) } }
            was = takesWrites
          }
        } catch {
          client = nil
        }
        pause(.milliseconds(2))
      }
    }
  }

  /// The latest promotion before a moment.
  func lastTurn(before moment: Double) -> Turn? { turns.value.withLock { $0.last { $0.at <= moment } } }

  /// The first promotion after a moment.
  func firstTurn(after moment: Double) -> Turn? { turns.value.withLock { $0.first { $0.at > moment } } }

  func stop() throws { try crew.stop() }
}
