import Glibc

/// Clients that send small GETs at a steady rate, whether or not the one before was answered, so that a stall shows in
/// every request that fell into it. Each reply is checked against its key. Runs on one thread, as an app with an event loop
/// does, or on several, as a server with a thread for each of its clients.
final class SteadyGetters: Sendable {
  struct Sample {
    let sentAt: UInt64
    let nanoseconds: UInt64
  }

  struct Findings {
    var samples: [Sample] = []
    var sent = 0
    var errors: [String: Int] = [:]
    var unanswered = 0

    mutating func add(_ other: Findings) {
      samples += other.samples
      sent += other.sent
      errors.merge(other.errors, uniquingKeysWith: +)
      unanswered += other.unanswered
    }

    var errorCount: Int { errors.values.reduce(0, +) + unanswered }

    var errorText: String {
      var parts = errors.sorted { $0.key < $1.key }.map { "\($0.value) × \($0.key)" }
      if unanswered > 0 { parts.append("\(unanswered) × no reply") }
      return parts.isEmpty ? "0" : parts.joined(separator: ", ")
    }

    /// Milliseconds of the GETs sent in `range`, sorted.
    func latencies(in range: Range<UInt64>) -> [Double] {
      samples.filter { range.contains($0.sentAt) }.map { Double($0.nanoseconds) / 1e6 }.sorted()
    }
  }

  private let work: [Stoppable<Findings>]

  /// - Parameters:
  ///   - rate: of each client, a second.
  ///   - threads: the clients are dealt out among so many.
  init(port: UInt16, clients: Int, perSecond rate: Double, dataset: Dataset, threads: Int = 1) throws {
    let threads = min(threads, clients)
    work = try (0..<threads).map { thread in
      let connections = try stride(from: thread, to: clients, by: threads).map {
        try GetterConnection(port: port, dataset: dataset, phase: $0, of: clients, rate: rate)
      }
      let loop = Loop(connections: connections)
      return Stoppable(Findings()) { loop.run(until: $0) }
    }
  }

  /// Sends no more, waits up to two seconds for what is outstanding, and tells.
  func stop() -> Findings {
    for part in work { part.tellToStop() }
    return work.reduce(into: Findings()) { $0.add($1.stop()) }
  }

  private struct Loop {
    let connections: [GetterConnection]

    func run(until isOver: () -> Bool) -> Findings {
      var descriptors = connections.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
      var findings = Findings()
      findings.samples.reserveCapacity(1 << 16)
      var giveUpAt = UInt64.max
      for connection in connections { connection.begin(at: Clock.now()) }
      while true {
        let now = Clock.now()
        if giveUpAt == .max && isOver() { giveUpAt = now + 2_000_000_000 }
        let isSending = giveUpAt == .max
        if !isSending && (now > giveUpAt || connections.allSatisfy { $0.outstanding == 0 || $0.isClosed }) { break }
        if isSending { for connection in connections { connection.sendDue(now, &findings) } }
        _ = poll(&descriptors, nfds_t(descriptors.count), isSending ? untilDue(after: Clock.now()) : 1)
        for index in descriptors.indices where descriptors[index].revents != 0 {
          connections[index].receive(&findings)
          if connections[index].isClosed { descriptors[index].fd = -1 }
        }
      }
      findings.unanswered = connections.reduce(0) { $0 + $1.outstanding }
      return findings
    }

    /// Milliseconds, rounded up: nobody is woken for nothing.
    private func untilDue(after now: UInt64) -> Int32 {
      let due = connections.reduce(now + 100_000_000) { $1.isClosed ? $0 : min($0, $1.nextSend) }
      return due > now ? Int32((due - now + 999_999) / 1_000_000) : 0
    }
  }
}
