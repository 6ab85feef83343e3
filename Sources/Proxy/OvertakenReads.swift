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
      marked += overtakenApart(evacuee, &later[evacuee.client, default: LaterWrites()])
    }
    return marked.reversed()
  }

  /// The run as it is, or its requests, the last one first, when some of them are overtaken.
  private func overtakenApart(_ run: Evacuee, _ later: inout LaterWrites) -> [Evacuee] {
    var requests: [(start: Int, end: Int, spec: CommandSpec, count: Int)] = []
    var end = 0
    forEachRequest(in: run.bytes) { spec, request, count in
      requests.append((end, end + request.count, spec, count))
      end += request.count
    }
    var overtaken: Set<Int> = []
    run.bytes.withUnsafeBytes { bytes in
      // One that did not leave as a whole was not executed, and nothing behind it was.
      for (start, end, spec, count) in requests.reversed() where end <= run.sent {
        let request = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
        if spec.flags.contains(.readonly), later.concern(spec, request, count) { overtaken.insert(start) }
        if spec.effect == .changes { later.add(spec, request, count) }
      }
    }
    guard !overtaken.isEmpty else { return [run] }
    return requests.reversed().map { start, end, _, _ in
      Evacuee(
        client: run.client, kind: run.kind, bytes: Array(run.bytes[start..<end]), count: 1, attempts: run.attempts,
        sent: max(0, run.sent - start), isTouched: true, isOvertaken: overtaken.contains(start))
    }
  }
}

/// What a client's writes behind a request may have changed.
private struct LaterWrites {
  private var keys: Set<UInt64> = []
  private var mayBeAny = false

  mutating func add(_ spec: CommandSpec, _ request: UnsafeRawBufferPointer, _ count: Int) {
    if !spec.forEachKeyHash(in: request, argumentCount: count, { keys.insert($0) }) { mayBeAny = true }
  }

  /// Whether a read might see some of it.
  func concern(_ spec: CommandSpec, _ request: UnsafeRawBufferPointer, _ count: Int) -> Bool {
    if mayBeAny || keys.isEmpty { return mayBeAny }
    var isOne = false
    let areKnown = spec.forEachKeyHash(in: request, argumentCount: count) { if keys.contains($0) { isOne = true } }
    return isOne || !areKnown
  }
}
