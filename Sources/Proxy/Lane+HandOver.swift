import RESP
import Reactor

// A lane that a reload has made superfluous although its node may be well, and one whose user has a new password.
extension UnsafeMutablePointer where Pointee == Lane {
  /// Gives the lane up in favour of another: nobody finds it any more, what was sent is answered here, what a client
  /// holds here is finished here within `reload.drain`, and then it ends.
  /// - Parameter isPrimarys: its node was the primary, so nobody else can tell what became of writes on it.
  func handOver(isPrimarys: Bool) {
    guard pointee.state != .closed else { return }
    if isPrimarys { pointee.keepsPrimarysTime = true }
    let worker = pointee.worker
    worker.forget(self)
    pointee.isRetiring = true
    pointee.isHandedOver = true
    pointee.handedOverUntil = worker.pointee.loop.now + worker.pointee.settings.handoverTime
    worker.pointee.isHandingOver = true
    worker.pointee.hasHandedOver = true
    worker.keepTime()
    if pointee.session != nil { return }
    // Nothing was sent yet, so all of it can go elsewhere at once.
    if pointee.isShared, pointee.state != .ready { return end("it is not asked any more", blaming: false) }
    if pointee.pending.isEmpty, !pointee.isLent { close() }
  }

  /// Proves to the server that we know its user's new password. Whatever it says, the connection stays as it is.
  func authenticateAnew() {
    let worker = pointee.worker
    // What is lent has one client's replies to come, and what is idle may be lent before the answer is here.
    guard pointee.isShared, let credentials = worker.pointee.identities[pointee.set.pointee.identity].credentials else {
      return
    }
    // Its handshake has the old one in it.
    guard pointee.state == .ready else { return handOver(isPrimarys: pointee.node.pointee.isLastPrimary) }
    var bytes: [UInt8] = []
    RequestWriter.append(
      [Array("AUTH".utf8)] + (credentials.username.isEmpty ? [] : [credentials.username]) + [credentials.password],
      to: &bytes)
    bytes.withUnsafeBytes { appendOurs($0, .authentication) }
  }

  /// The server takes the new password, and may forget the old one: what it is told later is told with this.
  private func noteOwnCredentials() {
    let worker = pointee.worker
    let new = worker.pointee.identities[0].credentials
    for lane in worker.pointee.lanes where lane.pointee.node == pointee.node && lane.pointee.address == pointee.address
    {
      if lane.pointee.ownCredentials?.username == new?.username { lane.pointee.ownCredentials = new }
    }
  }

  /// Takes the answer to that.
  func takeAuthentication(_ reply: UnsafeRawBufferPointer) {
    guard reply.first == UInt8(ascii: "-") else { return noteOwnCredentials() }
    let why = String(decoding: reply.dropFirst().prefix { $0 != 13 }, as: UTF8.self)
    pointee.worker.pointee.report(.passwordRefused(pointee.node.pointee.name, why: why))
  }
}
