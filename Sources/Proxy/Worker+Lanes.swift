import Reactor
import Routing

// Which lane serves a request, and where lanes come from and go.
extension UnsafeMutablePointer where Pointee == Worker {
  /// The lane set for a database, RESP version and user, made when first asked for.
  func laneSet(database: Int, protocolVersion: UInt8, identity: Int) -> LaneSetRef {
    for set in pointee.sets
    where set.pointee.database == database && set.pointee.protocolVersion == protocolVersion
      && set.pointee.identity == identity
    {
      return set
    }
    let set = LaneSetRef.allocate(capacity: 1)
    set.initialize(to: LaneSet(database: database, protocolVersion: protocolVersion, identity: identity))
    pointee.sets.append(set)
    return set
  }

  /// The shared lane to the primary; nothing while there is no primary, it cannot be tried now, or another worker has
  /// written to its successor.
  @inline(__always)
  func primaryLane(_ set: LaneSetRef) -> LaneRef? {
    guard let primary = pointee.primary, !pointee.isPrimaryBarred,
      !isSucceeded(pointee.nodes[primary])
    else { return nil }
    if primary < set.pointee.shared.count, let lane = set.pointee.shared[primary] { return lane }
    return openShared(set, primary)
  }

  /// Whether another worker has written to a primary that was named after this one. Workers hear of a succession at
  /// different times, and what was written to the successor is not to be seen here.
  @inline(__always)
  func isSucceeded(_ primary: NodeRef) -> Bool { primary.pointee.reign < pointee.ledger.pointee.reign }

  /// The lane for this turn's reads.
  @inline(__always)
  func readLane(_ set: LaneSetRef, _ policy: ReadPolicy) -> LaneRef? {
    let choice = set.pointee[policy]
    if choice.turn == pointee.turn, let lane = choice.lane { return lane }
    return chooseReadLane(set, policy)
  }

  @inline(never)
  private func chooseReadLane(_ set: LaneSetRef, _ policy: ReadPolicy) -> LaneRef? {
    let now = pointee.loop.now
    var choice = set.pointee[policy]
    choice.turn = pointee.turn
    let holds =
      if now < choice.holdsUntil, let lane = choice.lane, lane.pointee.state == .ready, !lane.pointee.isSuspect,
        lane.pointee.node.pointee.isFitReplica, lane.pointee.node.pointee.outstanding < Limits.choiceBurst
      { true } else { false }
    if !holds {
      choice.lane = bestReadLane(set, policy, avoiding: nil)
      choice.holdsUntil = now + Limits.choiceHolds
    }
    set.pointee[policy] = choice
    choice.lane?.pointee.lastRead = now
    pointee.ledger.pointee.noteRead(at: now)
    return choice.lane
  }

  /// A lane that may serve reads now: a replica's if the policy wants that and one is ready; power of two choices over
  /// the requests in flight.
  func bestReadLane(_ set: LaneSetRef, _ policy: ReadPolicy, avoiding avoided: NodeRef?) -> LaneRef? {
    if policy == .primary { return primaryLane(set) }
    var ready: (LaneRef?, LaneRef?) = (nil, nil)
    var readyCount = 0
    var connecting: LaneRef?
    /// One that is not to count yet, in case there is no other.
    var cold: LaneRef?
    func consider(_ index: Int) {
      guard pointee.nodes[index] != avoided, pointee.nodes[index].pointee.shunnedUntil <= pointee.loop.now,
        let lane = shared(set, index) ?? openShared(set, index)
      else { return }
      guard lane.pointee.state == .ready else {
        connecting = lane
        return
      }
      if lane.pointee.isSuspect { return }
      let share = pointee.nodes[index].pointee.readShare(now: pointee.loop.now)
      if share < 1, pointee.dice.fraction() >= share {
        cold = lane
        return
      }
      // Reservoir sampling of two.
      readyCount += 1
      if readyCount == 1 {
        ready.0 = lane
      } else if readyCount == 2 {
        ready.1 = lane
      } else {
        let place = pointee.dice.below(readyCount)
        if place == 0 { ready.0 = lane } else if place == 1 { ready.1 = lane }
      }
    }
    for index in pointee.fitReplicas { consider(index) }
    if policy == .any, let primary = pointee.primary { consider(primary) }

    if let first = ready.0 {
      guard let second = ready.1 else { return first }
      let (a, b) = (first.pointee.node.pointee.outstanding, second.pointee.node.pointee.outstanding)
      if a != b { return a < b ? first : second }
      return pointee.dice.below(2) == 0 ? first : second
    }
    if let cold { return cold }
    if policy == .replica { return connecting }
    if let lane = primaryLane(set), lane.pointee.node != avoided { return lane }
    return connecting
  }

  func shared(_ set: LaneSetRef, _ index: Int) -> LaneRef? {
    index < set.pointee.shared.count ? set.pointee.shared[index] : nil
  }

  /// Whether a connection of this kind is to be tried: the node has failed none lately, nor refused one.
  private func mayConnect(_ set: LaneSetRef, _ index: Int) -> Bool {
    let now = pointee.loop.now
    return pointee.nodes[index].pointee.mayConnect(now: now) && set.pointee.refusal(by: index, now: now) == nil
  }

  /// What the primary has said to connections of this kind: waiting would not change it.
  func refusal(of set: LaneSetRef) -> ProxyRefusal? { pointee.primary.flatMap { refusal(of: set, by: $0) } }

  func refusal(of set: LaneSetRef, by place: Int) -> ProxyRefusal? {
    set.pointee.refusal(by: place, now: pointee.loop.now)?.words.map { .refused($0) }
  }

  /// Why nobody serves a client of this set.
  func whyUnserved(_ set: LaneSetRef) -> ProxyRefusal { refusal(of: set) ?? primaryRefusal }

  /// Opens the shared lane to a node; nothing while the node is not to be tried.
  @inline(never)
  func openShared(_ set: LaneSetRef, _ index: Int) -> LaneRef? {
    let node = pointee.nodes[index]
    guard mayConnect(set, index), let lane = open(set, node, .shared)
    else { return nil }
    while set.pointee.shared.count <= index { set.pointee.shared.append(nil) }
    set.pointee.shared[index] = lane
    return lane
  }

  /// Whether no more upstreams are lent.
  /// - Parameter isShort: it would come back with the answer to one request.
  func isLentOut(isShort: Bool = false) -> Bool {
    pointee.lent >= pointee.settings.limits.maxPinned + (isShort ? Limits.shortLoans : 0)
  }

  /// Lends a client an upstream of its own to `node`, idle or new.
  func lend(_ set: LaneSetRef, _ node: NodeRef, to client: ClientRef, isShort: Bool = false) -> LaneRef? {
    guard !isLentOut(isShort: isShort), let index = pointee.nodes.firstIndex(of: node) else { return nil }
    if index < set.pointee.idle.count, let lane = set.pointee.idle[index].popLast() {
      lane.pointee.sharing = .own(client)
      pointee.lent += 1
      return lane
    }
    guard mayConnect(set, index), let lane = open(set, node, .own(client)) else { return nil }
    pointee.lent += 1
    return lane
  }

  /// An upstream that is nobody's; nothing while the node is not to be tried.
  func openForErrand(_ set: LaneSetRef, _ index: Int) -> LaneRef? {
    if index < set.pointee.idle.count, let lane = set.pointee.idle[index].popLast() { return lane }
    let node = pointee.nodes[index]
    return node.pointee.mayConnect(now: pointee.loop.now) ? open(set, node, .own(nil)) : nil
  }

  /// Takes a lent lane back: all its replies have come, so nothing of its client is left on it.
  func giveBack(_ lane: LaneRef) {
    pointee.lent -= 1
    lane.releaseLarge()
    // A proof that is still to be asked for would be answered among the next client's replies. Whoever reads what was
    // written here asks for another.
    if lane.pointee.batch != 0 { lane.giveUpBatches() }
    lane.pointee.sharing = .own(nil)
    lane.pointee.timedSince = 0
    let set = lane.pointee.set
    let hasClients = set.pointee.identity == 0 || pointee.identities[set.pointee.identity].clients > 0
    let node = lane.pointee.node
    let isOfUse =
      hasClients && isWanted(node) && !lane.pointee.isRetiring && !lane.pointee.isKnownByID
      && lane.pointee.state == .ready
    guard isOfUse, let index = pointee.nodes.firstIndex(of: node) else { return lane.close() }
    while set.pointee.idle.count <= index { set.pointee.idle.append([]) }
    guard set.pointee.idle[index].count < Limits.mostIdleUpstreams else { return lane.close() }
    lane.pointee.idleSince = pointee.loop.now
    set.pointee.idle[index].append(lane)
    if set.pointee.idle[index].count > Limits.idleUpstreams { armTrim() }
  }

  /// Takes a lane out of every place where a request could find it.
  func forget(_ lane: LaneRef) {
    let set = lane.pointee.set
    for index in set.pointee.shared.indices where set.pointee.shared[index] == lane {
      set.pointee.shared[index] = nil
    }
    for index in set.pointee.idle.indices { set.pointee.idle[index].removeAll { $0 == lane } }
    set.pointee.forget(lane)
  }

  /// - Parameter address: where, if not at the node's present one.
  func open(
    _ set: LaneSetRef, _ node: NodeRef, _ sharing: Lane.Sharing, at address: SocketAddress? = nil
  ) -> LaneRef? {
    let address = address ?? node.pointee.address
    let fd: Int32
    do throws(SystemError) {
      fd = try Sockets.connect(to: address)
    } catch {
      let dice = pointee.dice.fraction()
      let now = pointee.loop.now
      node.pointee.recordFailure(error.description, since: now, now: now, dice: dice)
      return nil
    }
    let lane = LaneRef.allocate(capacity: 1)
    lane.initialize(to: Lane(worker: self, node: node, set: set, address: address))
    lane.pointee.ownCredentials = pointee.identities[0].credentials
    lane.pointee.sharing = sharing
    lane.start(fd)
    pointee.lanes.append(lane)
    keepTime()
    return lane
  }
}
