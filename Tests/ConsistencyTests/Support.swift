import Consistency

/// Histories and points with short names, for tables.
enum History: UInt8 {
  case old = 1
  case new = 2
  case third = 3

  var id: HistoryID { HistoryID(Array(repeating: UInt8(ascii: "0") + rawValue, count: 40))! }

  func primary(_ offset: Int64) -> ReplicationPoint { point(offset, isPrimary: true) }
  func replica(_ offset: Int64) -> ReplicationPoint { point(offset, isPrimary: false) }

  private func point(_ offset: Int64, isPrimary: Bool) -> ReplicationPoint {
    ReplicationPoint(isPrimary: isPrimary, history: id, offset: offset)
  }
}

/// The ledger itself cannot be copied, so that expectations cannot look at it.
extension SharedLedger {
  var latest: Ticket { pointer.pointee.latest }
  var fenced: Ticket { pointer.pointee.fenced }
  var needsProbe: Bool { pointer.pointee.needsProbe }
  var lastWriteToEverything: Ticket { pointer.pointee.lastWriteToEverything }

  func begin(under reign: UInt64) -> Ticket { pointer.pointee.begin(under: reign) }
  func prove(_ ticket: Ticket, at point: ReplicationPoint) { pointer.pointee.prove(ticket, at: point) }
  func giveUp(_ ticket: Ticket) { pointer.pointee.giveUp(ticket) }
  func mark(_ keyHash: UInt64, _ ticket: Ticket) { pointer.pointee.mark(keyHash, ticket) }
  func mark(_ keyHashes: UnsafeBufferPointer<UInt64>, _ ticket: Ticket) { pointer.pointee.mark(keyHashes, ticket) }
  func noteRead(at now: Double) { pointer.pointee.noteRead(at: now) }
  func isRead(at now: Double, within seconds: Double) -> Bool { pointer.pointee.isRead(at: now, within: seconds) }
  func markEverything(_ ticket: Ticket) { pointer.pointee.markEverything(ticket) }
  func forget(upTo ticket: Ticket) { pointer.pointee.forget(upTo: ticket) }
  func lastWrite(_ keyHash: UInt64) -> Ticket { pointer.pointee.lastWrite(keyHash) }
  func coverage(at point: ReplicationPoint) -> Ticket { pointer.pointee.coverage(at: point) }
}
