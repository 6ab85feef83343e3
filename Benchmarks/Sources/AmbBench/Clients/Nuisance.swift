/// One client that does the same over and over, on a thread of its own.
final class Nuisance: Sendable {
  struct Findings {
    var rounds = 0
    var failure: String?
  }

  private let work: Stoppable<Findings>

  /// - Parameters:
  ///   - pause: milliseconds between two rounds.
  ///   - act: one round, with its number.
  init(
    port: UInt16, bufferSize: Int = 1 << 16, pause: Double = 0,
    _ act: @escaping @Sendable (_ connection: RedisConnection, _ round: Int) throws -> Void
  ) throws {
    let connection = try RedisConnection(port: port, bufferSize: bufferSize)
    work = Stoppable(Findings()) { isOver in
      var found = Findings()
      do {
        while !isOver() {
          try act(connection, found.rounds)
          found.rounds += 1
          if pause > 0 { Clock.sleep(milliseconds: pause) }
        }
      } catch {
        found.failure = "\(error)"
      }
      return found
    }
  }

  /// Ends after the round that is under way.
  func stop() -> Findings { work.stop() }
}
