import Synchronization
import TestSupport

/// Clients that append numbers to lists of their own, some in pipelines, some in transactions, with reads in between.
///
/// Whatever node a number is appended on, all of a client's numbers are somewhere, each once, and in order on each node:
/// that shows that no request was lost, sent twice or overtaken by a later one. An error, or a closed connection, ends it.
final class Appenders: Sendable {
  private let crew: Crew
  private let clients: Int

  /// Every third client uses transactions.
  init(_ service: any ServiceUnderTest, clients: Int = 6, depth: Int = 16) {
    self.clients = clients
    let book = Book()
    self.book = book
    crew = Crew(clients) { index, shift in
      let client = try service.connect()
      var next = 1
      while !shift.isOver {
        let count = index % 3 == 2 ? 2 : depth
        let numbers = next..<next + count
        let commands = Self.commands(index, numbers)
        let replies = try client.pipeline(commands)
        for (command, reply) in zip(commands, replies) where reply.isError {
          throw Failure("client \(index): \(command.joined(separator: " ")): \(reply)")
        }
        if index % 3 == 2 {
          guard case .array(let results) = replies.last, results.count == 3 else {
            throw Failure("client \(index): EXEC: \(replies)")
          }
        }
        next += count
        book.note(index, next - 1)
      }
    }
  }

  private final class Book: Sendable {
    let numbers = Mutex<[Int: Int]>([:])
    func note(_ index: Int, _ last: Int) { numbers.withLock { $0[index] = last } }
  }
  private let book: Book

  private static func commands(_ index: Int, _ numbers: Range<Int>) -> [[String]] {
    let pushes = numbers.map { ["RPUSH", key(index), "\($0)"] }
    if index % 3 == 2 { return [["MULTI"]] + pushes + [["LLEN", key(index)], ["EXEC"]] }
    return pushes.flatMap { [$0, ["GET", "other:\(index)"]] }
  }

  private static func key(_ index: Int) -> String { "numbers:\(index)" }

  /// How many numbers were acknowledged to all clients.
  var total: Int { book.numbers.withLock { $0.values.reduce(0, +) } }

  /// Waits until so many more are acknowledged to every client; fails as soon as a client does.
  func goOn(_ count: Int = 64) throws {
    let goals = book.numbers.withLock { numbers in (0..<clients).map { (numbers[$0] ?? 0) + count } }
    try eventually("the appenders are served") {
      if let error = crew.errors.first { throw error }
      return book.numbers.withLock { numbers in (0..<clients).allSatisfy { numbers[$0] ?? 0 >= goals[$0] } }
    }
  }

  /// Ends the load; all numbers must be there, each once, and in order on each of the nodes.
  func finish(on nodes: [RedisServer]) throws {
    try crew.stop()
    for index in 0..<clients {
      var all: [Int] = []
      for node in nodes {
        guard case .array(let items) = try node.call("LRANGE", Self.key(index), "0", "-1") else {
          throw Failure("no list on \(node.port)")
        }
        let numbers = items.compactMap { $0.text.flatMap { Int($0) } }
        try check(numbers == numbers.sorted(), "client \(index): not in order on \(node.port)")
        all += numbers
      }
      let last = book.numbers.withLock { $0[index] ?? 0 }
      all.sort()
      try check(
        all == Array(1...max(1, last)),
        "client \(index): acknowledged \(last), there are \(all.count): \(all.suffix(20))")
    }
  }
}
