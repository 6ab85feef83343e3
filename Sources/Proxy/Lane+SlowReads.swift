import Commands
import RESP

// A read that takes long, among others that do not.
extension UnsafeMutablePointer where Pointee == Lane {
  /// Whose read is believed to be the reason for the silence, rather than the node: a script, or one that was moved here
  /// because another node was silent as well, unless such a read can never take long.
  ///
  /// It must not be asked on one node after the other: each would be kept busy by it.
  var slowReader: ClientRef? {
    guard let head = pointee.pending.first, head.pointee.kind == .read, let client = head.pointee.client else {
      return nil
    }
    let spec = specOfHead(head)
    return spec.isScript || head.pointee.attempts > 0 && !spec.flags.contains(.fast) ? client : nil
  }

  private func specOfHead(_ head: UnsafeMutablePointer<Pending>) -> CommandSpec {
    let run = UnsafeRawBufferPointer(rebasing: pointee.requests.bytes.prefix(Int(head.pointee.bytes)))
    return pointee.worker.spec(of: run.droppingRequests(head.pointee.done))
  }

  /// Leaves this lane to the client whose read takes long; the others' are asked elsewhere, and what comes for its node
  /// from now on waits for another connection.
  func leave(to client: ClientRef, preferring refuge: LaneRef) {
    let worker = pointee.worker
    worker.forget(self)
    pointee.sharing = .own(client)
    pointee.window = Int32.max
    markDirty()
    worker.pointee.lent += 1
    let evacuees = evacuate(keeping: client, leavingTraces: true)
    rehome(evacuees, "another client's command takes long", .notExecuted, preferring: refuge, because: .silence)
    wakeWaiters()
  }
}

extension UnsafeMutablePointer where Pointee == Worker {
  /// The command of the first of these requests.
  func spec(of requests: UnsafeRawBufferPointer) -> CommandSpec {
    var scanner = RequestScanner()
    guard scanner.scan(requests) == .complete else { return .unknown }
    return spec(of: requests, scanner)
  }

  /// The command of a request that was just scanned, or of the first of some.
  func spec(of request: UnsafeRawBufferPointer, _ scanner: RequestScanner) -> CommandSpec {
    guard scanner.isNameKnown else { return .unknown }
    func argument(_ span: ByteSpan) -> UnsafeRawBufferPointer {
      UnsafeRawBufferPointer(rebasing: request[span.offset..<span.end])
    }
    let spec = lookup(argument(scanner.name))
    guard spec.flags.contains(.container), scanner.isSecondKnown else { return spec }
    return pointee.table.lookup(subcommand: argument(scanner.second), of: spec)
  }
}
