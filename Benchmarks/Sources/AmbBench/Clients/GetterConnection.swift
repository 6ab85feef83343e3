import Glibc

/// One connection of `SteadyGetters`: requests go out on a schedule, replies are matched in order.
final class GetterConnection {
  private struct Outstanding {
    let key: Int
    let sentAt: UInt64
  }

  private let socket: LoopbackSocket
  private let dataset: Dataset
  private let interval: UInt64
  private let phase: UInt64
  private(set) var nextSend: UInt64 = 0
  private var pending: [Outstanding] = []
  private var pendingHead = 0
  private var input: [UInt8] = []
  private var chunk = [UInt8](repeating: 0, count: 16384)
  private(set) var isClosed = false

  var descriptor: Int32 { socket.descriptor }
  var outstanding: Int { pending.count - pendingHead }

  init(port: UInt16, dataset: Dataset, phase: Int, of clients: Int, rate: Double) throws {
    socket = try LoopbackSocket(port: port)
    socket.setNonBlocking()
    self.dataset = dataset
    interval = UInt64(1e9 / rate)
    self.phase = UInt64(1e9 / rate / Double(clients) * Double(phase))
  }

  func begin(at now: UInt64) { nextSend = now + phase }

  /// The clock of a request starts when it is written, not when it was due: a late bench is no fault of the target.
  func sendDue(_ now: UInt64, _ findings: inout SteadyGetters.Findings) {
    while nextSend <= now {
      nextSend += interval
      guard !isClosed else { continue }
      let key = Int.random(in: 0..<dataset.keys)
      let request = Request.encode(["GET", Dataset.key(key)])
      let sentAt = Clock.now()
      findings.sent += 1
      guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
        fail("request not taken: \(String(cString: strerror(errno)))", &findings)
        return
      }
      pending.append(Outstanding(key: key, sentAt: sentAt))
    }
  }

  func receive(_ findings: inout SteadyGetters.Findings) {
    while !isClosed {
      let count = recv(descriptor, &chunk, chunk.count, 0)
      if count < 0 && errno == EINTR { continue }
      if count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) { return }
      guard count > 0 else {
        fail(count == 0 ? "connection closed by the target" : String(cString: strerror(errno)), &findings)
        return
      }
      let now = Clock.now()
      input.append(contentsOf: chunk[..<count])
      while takeReply(now, &findings) {}
      if count < chunk.count { return }
    }
  }

  /// One whole reply from the front of the input: the expected bulk, or an error line.
  private func takeReply(_ now: UInt64, _ findings: inout SteadyGetters.Findings) -> Bool {
    guard let lineEnd = input.firstIndex(of: 0x0a) else { return false }
    guard outstanding > 0 else {
      fail("a reply to no request", &findings)
      return false
    }
    let asked = pending[pendingHead]
    if input[0] == UInt8(ascii: "$") {
      let header = Array("$\(dataset.valueSize)\r\n".utf8)
      let total = header.count + dataset.valueSize + 2
      guard input.starts(with: header) else {
        fail("wrong reply: \(String(decoding: input.prefix(lineEnd), as: UTF8.self))", &findings)
        return false
      }
      guard input.count >= total else { return false }
      if !input[header.count...].starts(with: dataset.value(asked.key)) {
        findings.errors["value of another key", default: 0] += 1
      }
      input.removeFirst(total)
    } else {
      findings.errors[String(decoding: input.prefix(lineEnd), as: UTF8.self).trimmed, default: 0] += 1
      input.removeFirst(lineEnd + 1)
    }
    findings.samples.append(.init(sentAt: asked.sentAt, nanoseconds: now - asked.sentAt))
    pendingHead += 1
    if pendingHead == pending.count {
      pending.removeAll(keepingCapacity: true)
      pendingHead = 0
    }
    return true
  }

  private func fail(_ reason: String, _ findings: inout SteadyGetters.Findings) {
    findings.errors[reason, default: 0] += 1
    isClosed = true
  }
}
