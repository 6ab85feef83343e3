import Glibc

/// One connection of `VersionedTraffic` that writes: keys of its own in turn, each with the number of the write as value.
final class VersionWriter {
  private static let keys = 8000

  private let socket: LoopbackSocket
  private let number: Int
  private let pipeline: Int
  private let interval: UInt64?
  private var nextSend: UInt64
  private var chunk = [UInt8](repeating: 0, count: 16384)
  private var request: [UInt8] = []
  private var sent = 0
  /// Writes 0..<acknowledged are acknowledged.
  private(set) var acknowledged = 0
  private var acknowledgedAt: UInt64 = 0
  /// How many were acknowledged when, once in 5 ms.
  private var milestones: [(at: UInt64, acknowledged: Int)] = []
  private var firstMilestone = 0

  var descriptor: Int32 { socket.descriptor }

  init(_ plan: VersionedTraffic.Plan, number: Int) throws {
    socket = try LoopbackSocket(port: plan.port)
    self.number = number
    pipeline = plan.pipeline
    interval = plan.writesPerSecond.map { UInt64(1e9 / $0 * Double(plan.writers)) }
    nextSend = Clock.now() + (interval ?? 0) * UInt64(number) / UInt64(plan.writers)
  }

  /// Writes what is due; a whole pipeline when it is to be fast.
  func send(_ now: UInt64) throws {
    if let interval {
      guard nextSend <= now, sent - acknowledged < pipeline else { return }
      nextSend += interval
      try send(count: 1)
    } else if sent == acknowledged {
      try send(count: pipeline)
    }
  }

  private func send(count: Int) throws {
    request.removeAll(keepingCapacity: true)
    for write in sent..<sent + count {
      let key = "v:\(number):\(write % Self.keys)"
      let value = "\(write)"
      request.append(
        contentsOf: "*3\r\n$3\r\nSET\r\n$\(key.utf8.count)\r\n\(key)\r\n$\(value.utf8.count)\r\n\(value)\r\n".utf8)
    }
    sent += count
    guard Glibc.send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
      throw BenchError("SETs not taken: \(String(cString: strerror(errno)))")
    }
  }

  func receive() throws {
    let count = recv(descriptor, &chunk, chunk.count, Int32(MSG_DONTWAIT))
    if count < 0 && (errno == EAGAIN || errno == EINTR) { return }
    guard count > 0 else { throw BenchError("a writer's connection was closed") }
    acknowledgedAt = Clock.now()
    for index in 0..<count {
      if chunk[index] == UInt8(ascii: "-") {
        throw BenchError("SET failed: \(String(decoding: chunk[index..<count], as: UTF8.self).trimmed)")
      }
      if chunk[index] == 0x0a { acknowledged += 1 }
    }
    if (milestones.last?.at ?? 0) + 5_000_000 < acknowledgedAt {
      milestones.append((acknowledgedAt, acknowledged))
    }
  }

  /// The last write that was acknowledged, if that was less than 20 ms ago.
  func freshWrite(_ now: UInt64) -> Int? {
    acknowledged > 0 && now - acknowledgedAt < 20_000_000 ? acknowledged - 1 : nil
  }

  /// A write that was acknowledged 200 ms ago, to a key that was not written again.
  func settledWrite(_ now: UInt64) -> Int? {
    while firstMilestone + 1 < milestones.count, milestones[firstMilestone + 1].at + 200_000_000 < now {
      firstMilestone += 1
    }
    guard firstMilestone < milestones.count else { return nil }
    let milestone = milestones[firstMilestone]
    guard milestone.at + 200_000_000 < now, milestone.acknowledged > 0, sent < milestone.acknowledged + Self.keys - 100
    else { return nil }
    return milestone.acknowledged - 1
  }

  func key(_ write: Int) -> String { "v:\(number):\(write % Self.keys)" }
}
