import Commands
import RESP
import Routing

// A read whose reply was lost, and behind it a write of its client to the same keys that may have been executed: asked again,
// it would see what its client wrote after it.
extension UnsafeMutablePointer where Pointee == Worker {
  /// The same requests, with each read marked that must not be asked again. Runs are parted where that is not true of all.
  func markOvertaken(_ evacuees: [Evacuee]) -> [Evacuee] {
    guard evacuees.contains(where: { $0.kind == .write && $0.isTouched }) else { return evacuees }
    var later: [ClientRef: LaterWrites] = [:]
    var marked: [Evacuee] = []
    for evacuee in evacuees.reversed() {
      guard evacuee.isTouched, evacuee.kind == .read || evacuee.kind == .write else {
        marked.append(evacuee)
        continue
      }
      let parts = parts(of: evacuee, &later[evacuee.client, default: LaterWrites()])
      marked += parts.contains(where: \.isOvertaken) ? parts : [evacuee]
    }
    return marked.reversed()
  }

  /// Its requests, the last one first, each for itself.
  private func parts(of evacuee: Evacuee, _ later: inout LaterWrites) -> [Evacuee] {
    var requests: [(start: Int, end: Int, spec: CommandSpec, count: Int)] = []
    var end = 0
    forEachRequest(in: evacuee.bytes) { spec, request, count in
      requests.append((end, end + request.count, spec, count))
      end += request.count
    }
    return evacuee.bytes.withUnsafeBytes { bytes in
      requests.reversed().map { start, end, spec, count in
        let request = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
        // One that did not leave as a whole was not executed, and nothing behind it was.
        let isSent = end <= evacuee.sent
        let isRead = spec.flags.contains(.readonly)
        let isOvertaken = isSent && isRead && later.concern(spec, request, count)
        if isSent, spec.effect == .changes { later.add(spec, request, count) }
        return Evacuee(
          client: evacuee.client, kind: evacuee.kind, bytes: Array(request), count: 1, attempts: evacuee.attempts,
          sent: max(0, evacuee.sent - start), isTouched: true, isOvertaken: isOvertaken)
      }
    }
  }
}

/// What a client's writes behind a request may have changed.
private struct LaterWrites {
  private var keys: Set<UInt64> = []
  private var mayBeAny = false

  mutating func add(_ spec: CommandSpec, _ request: UnsafeRawBufferPointer, _ count: Int) {
    let areKnown =
      spec.scope != .any && spec.forEachKeyHash(in: request, argumentCount: count) { keys.insert($0) }
    if !areKnown { mayBeAny = true }
  }

  /// Whether a read might see some of it.
  func concern(_ spec: CommandSpec, _ request: UnsafeRawBufferPointer, _ count: Int) -> Bool {
    if mayBeAny || keys.isEmpty { return mayBeAny }
    var isOne = false
    let areKnown =
      spec.scope != .any
      && spec.forEachKeyHash(in: request, argumentCount: count) { if keys.contains($0) { isOne = true } }
    return isOne || !areKnown
  }
}
