import Glibc

/// Writers that give keys ever higher versions, and readers that know for each read which version it must see at the
/// least; all on one thread, so that "acknowledged before it was asked" has one order.
///
/// Each kind of reading has a command of its own, by which the servers' counts tell them apart.
final class VersionedTraffic: Sendable {
  enum Reading: Int, CaseIterable, Sendable {
    /// A key acknowledged less than 20 ms ago: `GETRANGE`.
    case fresh
    /// A key acknowledged 200 ms ago and not written since: `SUBSTR`.
    case settled
    /// A key that nobody has written: `GET`.
    case other

    var command: String {
      switch self {
      case .fresh: "getrange"
      case .settled: "substr"
      case .other: "get"
      }
    }
  }

  struct Findings: Sendable {
    var writes = 0
    var reads = 0
    var stale = 0
    var failure: String?
  }

  struct Plan: Sendable {
    var port: UInt16
    var writers = 25
    var readersEach = 5
    var readsPerSecond = 1000.0
    /// As fast as they can when there is none.
    var writesPerSecond: Double?
    var pipeline = 16
    var dataset: Dataset
  }

  private let work: Stoppable<Findings>

  init(_ plan: Plan) throws {
    let writers = try (0..<plan.writers).map { try VersionWriter(plan, number: $0) }
    let readers = try (0..<plan.readersEach).flatMap { _ in
      try Reading.allCases.map { try VersionReader(plan, $0) }
    }
    let loop = Loop(writers: writers, readers: readers)
    work = Stoppable(Findings()) { loop.run(until: $0) }
  }

  func stop() -> Findings { work.stop() }

  private struct Loop {
    let writers: [VersionWriter]
    let readers: [VersionReader]

    func run(until isOver: () -> Bool) -> Findings {
      var entries = (writers.map(\.descriptor) + readers.map(\.descriptor)).map {
        pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
      }
      var found = Findings()
      do {
        while !isOver() {
          let now = Clock.now()
          for writer in writers { try writer.send(now) }
          for reader in readers { try reader.send(now, writers) }
          poll(&entries, nfds_t(entries.count), 1)
          for (index, entry) in entries.enumerated() where entry.revents != 0 {
            if index < writers.count {
              try writers[index].receive()
            } else {
              try readers[index - writers.count].receive()
            }
          }
        }
      } catch {
        found.failure = "\(error)"
      }
      found.writes = writers.reduce(0) { $0 + $1.acknowledged }
      found.reads = readers.reduce(0) { $0 + $1.reads }
      found.stale = readers.reduce(0) { $0 + $1.stale }
      return found
    }
  }
}
