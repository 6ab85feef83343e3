import Glibc

/// One connection of `VersionedTraffic` that reads, one request at a time at a steady rate.
final class VersionReader {
  private let socket: LoopbackSocket
  private let reading: VersionedTraffic.Reading
  private let dataset: Dataset
  private let interval: UInt64
  private var nextSend: UInt64
  private var input: [UInt8] = []
  private var chunk = [UInt8](repeating: 0, count: 4096)
  /// The least version that the answer may have; a number of the data set for keys that nobody writes.
  private var awaited: Int?
  private(set) var reads = 0
  private(set) var stale = 0

  var descriptor: Int32 { socket.descriptor }

  init(_ plan: VersionedTraffic.Plan, _ reading: VersionedTraffic.Reading) throws {
    socket = try LoopbackSocket(port: plan.port)
    self.reading = reading
    dataset = plan.dataset
    interval = UInt64(1e9 / plan.readsPerSecond * Double(plan.readersEach))
    nextSend = Clock.now() + UInt64.random(in: 0..<interval)
  }

  func send(_ now: UInt64, _ writers: [VersionWriter]) throws {
    guard awaited == nil, nextSend <= now, let writer = writers.randomElement() else { return }
    let request: [String]
    switch reading {
    case .fresh:
      guard let write = writer.freshWrite(now) else { return }
      awaited = write
      request = ["GETRANGE", writer.key(write), "0", "-1"]
    case .settled:
      guard let write = writer.settledWrite(now) else { return }
      awaited = write
      request = ["SUBSTR", writer.key(write), "0", "-1"]
    case .other:
      let number = Int.random(in: 0..<dataset.keys)
      awaited = number
      request = ["GET", Dataset.key(number)]
    }
    nextSend = max(nextSend + interval, now)
    let bytes = Request.encode(request)
    guard Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
      throw BenchError("a read was not taken: \(String(cString: strerror(errno)))")
    }
  }

  func receive() throws {
    let count = recv(descriptor, &chunk, chunk.count, Int32(MSG_DONTWAIT))
    if count < 0 && (errno == EAGAIN || errno == EINTR) { return }
    guard count > 0 else { throw BenchError("a reader's connection was closed") }
    input.append(contentsOf: chunk[..<count])
    guard let lineEnd = input.firstIndex(of: 0x0a) else { return }
    let header = String(decoding: input[..<lineEnd], as: UTF8.self).trimmed
    guard let wanted = awaited, header.first == "$", let length = Int(header.dropFirst()) else {
      throw BenchError("\(reading.command) failed: \(header)")
    }
    let end = lineEnd + 1 + max(0, length) + (length < 0 ? 0 : 2)
    guard input.count >= end else { return }
    let value = Array(input[(lineEnd + 1)..<(lineEnd + 1 + max(0, length))])
    input.removeFirst(end)
    awaited = nil
    reads += 1
    switch reading {
    case .fresh, .settled:
      // An empty value is a key that is not there yet.
      if (Int(String(decoding: value, as: UTF8.self)) ?? -1) < wanted { stale += 1 }
    case .other:
      if value != dataset.value(wanted) { throw BenchError("GET brought the value of another key") }
    }
  }
}
