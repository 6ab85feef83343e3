import Commands
import RESP
import Reactor

// Requests that are large, and yet kept until they are answered: like small ones, they are asked again, or wait, when it is
// known that they were not executed. How many of them are kept at a time is bounded.
extension UnsafeMutablePointer where Pointee == Client {
  /// Whether the request that is arriving, of `length` bytes as far as it is known, is kept until it is whole.
  func keepsLarge(_ base: UnsafePointer<UInt8>, _ length: Int) -> Bool {
    let worker = pointee.worker
    let limits = worker.pointee.settings.limits
    guard length <= Limits.streamedRequest, limits.hold > 0, pointee.session == nil, !pointee.isBarred else {
      return false
    }
    guard scannedSpec(base).handling == .forward else { return false }
    let more = length - pointee.largeBytes
    guard worker.pointee.largeBytes + more <= limits.keptLarge else { return false }
    pointee.largeBytes += more
    worker.pointee.largeBytes += more
    return true
  }

  /// Keeps what has come of an unfinished request.
  func keepRest(_ bytes: UnsafeRawBufferPointer) {
    if pointee.largeBytes > 0 { pointee.input = pointee.worker.pointee.largeBuffers.take() }
    pointee.input.append(bytes)
  }

  /// Room for the rest of an unfinished request, for all of it if it is kept, so that it arrives in few pieces.
  func roomForRest() -> UnsafeMutablePointer<UInt8> {
    let expected = Swift.min(pointee.scanner.pendingBulk, Swift.max(pointee.largeBytes, Limits.largeRequest))
    if pointee.largeBytes > 0, pointee.input.room < expected {
      var buffer = pointee.worker.pointee.largeBuffers.take()
      buffer.append(pointee.input.bytes)
      swap(&buffer, &pointee.input)
    }
    return pointee.input.reserve(Swift.max(16 << 10, expected))
  }

  /// Whether these bytes are all that the client's input holds.
  func isInput(_ base: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    pointee.input.bytes.baseAddress == UnsafeRawPointer(base) && pointee.input.count == count
  }

  /// The request is not kept after all.
  func releaseLarge() {
    pointee.worker.pointee.largeBytes -= pointee.largeBytes
    pointee.largeBytes = 0
  }

  /// A lane of the client's own keeps the request from now on. One that came in a single piece has reserved nothing: it
  /// is hardly larger than small ones.
  func passReservation(to lane: LaneRef) {
    lane.pointee.largeBytes += pointee.largeBytes
    pointee.largeBytes = 0
  }
}

extension UnsafeMutablePointer where Pointee == Worker {
  /// Whether more requests may wait, as far as their bytes are concerned.
  var hasRoomToHold: Bool {
    pointee.heldBytes + pointee.largeBytes < pointee.settings.limits.holdBytes
  }
}

extension UnsafeMutablePointer where Pointee == Lane {
  /// It owes its client nothing more.
  func releaseLarge() {
    pointee.worker.pointee.largeBytes -= pointee.largeBytes
    pointee.largeBytes = 0
  }

  /// Whether the next request that the node has to answer did not leave as a whole: until it has, the node has nothing to
  /// say, and without the rest it cannot execute it.
  var isNextHalfSent: Bool {
    guard pointee.unsent > 0, let head = pointee.pending.first else { return false }
    let stored = UnsafeRawBufferPointer(rebasing: pointee.requests.bytes.dropFirst(pointee.streamUnsent))
    let run = UnsafeRawBufferPointer(rebasing: stored.prefix(Int(head.pointee.bytes)))
    let rest = run.droppingRequests(head.pointee.done)
    guard let next = rest.request(at: 0) else { return false }
    return run.count - rest.count + next.count > pointee.sent
  }
}
