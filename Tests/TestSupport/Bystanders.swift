import Synchronization

/// Clients who only want their own replies, while something happens around them.
///
/// Every reply is recognisable: keys have values of their own, and each pipeline ends with an ECHO of a word that no one
/// else says. An error, a wrong reply or a closed connection ends the bystander and fails the test that owns it.
public final class Bystanders: Sendable {
  private struct Tally {
    var pipelines = 0
    var slowest = Duration.zero
  }

  public static let keys = 64
  private static func key(_ index: Int) -> String { "bystander:\(index)" }
  private static func value(_ index: Int) -> String { "belongs to \(index)" }

  private final class Book: Sendable {
    let tally = Mutex(Tally())
  }

  private let book = Book()
  private let crew: Crew

  /// Puts the keys in on all nodes and starts. With `echoes` false it is nothing but reads, which go on without a primary.
  public init(_ lab: Lab, clients: Int = 4, echoes: Bool = true, patience: Duration = Deadline.patience) throws {
    try lab.redis.seed((0..<Self.keys).map { ["SET", Self.key($0), Self.value($0)] })
    let service = lab.service
    crew = Crew(clients) { [book] index, shift in
      let client = try service.connect(patience: patience)
      var round = 0
      while !shift.isOver {
        let start = ContinuousClock.now
        do { try Self.talk(client, index, round, echoes) } catch {
          throw Failure("bystander \(index), round \(round), after \(ContinuousClock.now - start): \(error)")
        }
        let duration = ContinuousClock.now - start
        book.tally.withLock {
          $0.pipelines += 1
          $0.slowest = max($0.slowest, duration)
        }
        round += 1
      }
    }
  }

  private static func talk(_ client: RESPClient, _ index: Int, _ round: Int, _ echoes: Bool) throws {
    let picks = (0..<3).map { (index * 7 + round * 3 + $0) % keys }
    var commands = picks.map { ["GET", key($0)] }
    var expected = picks.map { RESPValue.bulk(value($0)) }
    if echoes {
      commands.append(["ECHO", "\(index):\(round)"])
      expected.append(.bulk("\(index):\(round)"))
    }
    let replies = try client.pipeline(commands)
    try check(replies == expected, "got \(replies), expected \(expected)")
  }

  /// The longest that a pipeline has taken.
  public var slowest: Duration { book.tally.withLock { $0.slowest } }

  /// How many pipelines have been answered in full.
  public var pipelines: Int { book.tally.withLock { $0.pipelines } }

  /// Waits until `count` more pipelines are answered; fails as soon as a bystander does.
  public func goOn(_ count: Int = 500) throws {
    let goal = pipelines + count
    try untilTrue("bystanders are served") { pipelines >= goal }
  }

  /// Waits for `condition` and fails as soon as a bystander does.
  public func untilTrue(_ promise: String, _ condition: () throws -> Bool) throws {
    var failure: (any Error)?
    try eventually(promise) {
      failure = crew.errors.first
      return try failure != nil || condition()
    }
    if let failure { throw failure }
  }

  public func stop() throws { try crew.stop() }
}
