/// A user as whom upstream connections are authenticated: the ambassador's own, or one that a client has named and the
/// server has accepted.
struct Identity {
  /// Nothing for the ambassador's own user where no credentials are configured.
  var credentials: UpstreamCredentials?
  /// Clients that are this user now. A place in the list that has none may become another's.
  var clients = 0
  /// What the server lets the user do of what is answered here.
  var permissions = Permissions()
}

extension UnsafeMutablePointer where Pointee == Worker {
  /// The place of a user in the list: its own, a free one, or nothing when there are as many as there may be.
  func identity(of credentials: UpstreamCredentials) -> Int? {
    if let index = pointee.identities.indices.dropFirst().first(where: {
      pointee.identities[$0].clients > 0 && pointee.identities[$0].credentials == credentials
    }) {
      return index
    }
    if let free = pointee.identities.indices.dropFirst().first(where: { pointee.identities[$0].clients == 0 }) {
      pointee.identities[free].credentials = credentials
      return free
    }
    guard pointee.identities.count < Limits.identities else { return nil }
    pointee.identities.append(Identity(credentials: credentials))
    return pointee.identities.count - 1
  }

  /// Whether one more may be this user.
  func hasRoom(for credentials: UpstreamCredentials) -> Bool {
    pointee.identities.count < Limits.identities
      || pointee.identities.dropFirst().contains { $0.clients == 0 || $0.credentials == credentials }
  }

  /// Nobody is this user any more: its connections end, and none of them may be found by the next who gets its place.
  private func retireLanes(of identity: Int) {
    pointee.identities[identity].permissions = Permissions()
    for set in pointee.sets where set.pointee.identity == identity {
      set.pointee.forgetRefusals()
      endLanes(of: set)
    }
  }

  /// Ends the lanes of a set that nobody uses, when they owe nothing.
  func endLanes(of set: LaneSetRef) {
    for lane in pointee.lanes where lane.pointee.set == set && !lane.pointee.isLent {
      forget(lane)
      if lane.pointee.pending.isEmpty { lane.close() } else { lane.pointee.isRetiring = true }
    }
  }

  /// A client uses the lanes of this set no more.
  func leave(_ set: LaneSetRef) {
    set.pointee.clients -= 1
    guard set.pointee.clients == 0, !set.pointee.isFirst else { return }
    set.pointee.unusedSince = pointee.loop.now
    armTrim()
  }

  func countClient(of identity: Int, _ change: Int) {
    guard identity != 0 else { return }
    pointee.identities[identity].clients += change
    if pointee.identities[identity].clients == 0 { retireLanes(of: identity) }
  }
}

extension UnsafeMutablePointer where Pointee == Client {
  /// From now on its requests go through these lanes. It has none in flight on the present ones.
  func use(database: Int? = nil, protocolVersion: UInt8? = nil, identity: Int? = nil) {
    let (present, worker) = (pointee.set, pointee.worker)
    let set = worker.laneSet(
      database: database ?? present.pointee.database,
      protocolVersion: protocolVersion ?? present.pointee.protocolVersion,
      identity: identity ?? present.pointee.identity)
    pointee.set = set
    set.pointee.clients += 1
    worker.leave(present)
    guard set.pointee.identity != present.pointee.identity else { return }
    worker.countClient(of: set.pointee.identity, 1)
    worker.countClient(of: present.pointee.identity, -1)
  }
}
