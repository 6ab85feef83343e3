// Who is the primary of nodes of which only the addresses are known.
extension DNSTopology {
  /// How long a replica that turned into a primary keeps another from being believed. What is still the same after so long,
  /// in seconds, is no failover under way: nobody follows it.
  static let rivalPatience = 5.0

  enum Finding {
    case found(NodeAddress)
    case absent(String)
  }

  // MARK: - What ends a proof

  /// First evidence stops: less is needed to end a proof than to find the next.
  func objection(to incumbent: Incumbent, _ now: Double) -> String? {
    let node = incumbent.node
    switch book.observations[node] {
    case nil: return "\(node) has not answered yet"
    case .lost(let why): return "no connection to the primary \(node): \(why)"
    case .answered(let info, _) where info.role == .replica: return demotion(of: node, info)
    case .answered: break
    }
    if incumbent.runID != runIDs[node] { return "another process answers at \(node)" }
    // One that the names stand for no more is stopped by what was promoted in its place; to others it gives way while it
    // serves.
    let isNamed = named.contains(node)
    let rival = rivals(of: node, isStanding: true, now).first { isNamed || turnedAt[$0] != nil || goesOn($0) }
    return rival.map { contest(node, $0) }
  }

  /// Others that say that they are the primary, and have something behind it: somebody who follows them, or a promotion
  /// that has just been seen. A node that only says so is none: pods come up as primaries, before an operator makes them
  /// replicas. What was promoted a moment ago counts also when it is lost again.
  /// - Parameter isStanding: the node was proven before, so that a promotion against it would have been seen.
  private func rivals(of node: NodeAddress, isStanding: Bool, _ now: Double) -> [NodeAddress] {
    let lately = named.filter { turnedAt[$0] != nil && book.info(of: $0)?.role != .primary }
    return (claimants + lately).filter { rival in
      guard !isSame(rival, node) else { return false }
      if !followers(of: rival).isEmpty || turnedAt[rival] != nil { return true }
      // It was promoted because this one was away, or before it was restarted: whoever did that will go on with it.
      // Not one that was promoted long before, and had nobody behind it.
      if goesOn(rival), followers(of: node).isEmpty, !isLoner(rival),
        !isStanding || promotedMeanwhile.contains(rival)
      {
        return true
      }
      guard !isStanding, let info = book.info(of: node), let other = book.info(of: rival) else { return false }
      // One of them may have been promoted in the other's place a moment ago.
      let isLate = now - (claimedAt[rival] ?? now) < Self.rivalPatience
      return isLate && !info.replicationID.isEmpty && other.previousReplicationID == info.replicationID
    }
  }

  // MARK: - A new proof

  func search(_ now: Double) -> Finding {
    guard !named.isEmpty else { return .absent("the names stand for no node") }
    let claimants = claimants.filter { !isStale($0) }
    guard !claimants.isEmpty else {
      guard let stale = self.claimants.first else { return .absent(silence) }
      return .absent("\(stale) says that it is the primary, but another has taken its place since it was")
    }
    let serious = claimants.filter { node in
      claimants.count == 1 || node == meant || !followers(of: node).isEmpty || turnedAt[node] != nil
    }
    guard serious.count <= 1 else { return .absent(contest(serious[0], serious[1])) }
    guard let node = serious.first else { return .absent(contest(claimants[0], claimants[1])) }
    let isStanding = incumbent.map { isSameLife($0, node) } ?? false
    if let rival = rivals(of: node, isStanding: isStanding, now).first { return .absent(contest(node, rival)) }
    // Of one that stands or is meant, and is followed, a single replica that has gone elsewhere is no doubt. Nor is one that
    // has yet to hear that its primary has handed over.
    let isAgreed = (isStanding || node == meant) && !followers(of: node).isEmpty
    if !isAgreed, !isGivenPlace(node), let other = dissenter(from: node) {
      return .absent("\(node) says that it is the primary, and \(other) follows another")
    }
    return succeeds(node, isStanding, now)
  }

  /// Whether a node that nobody contests may be believed, by what is known of whoever was the primary before.
  private func succeeds(_ node: NodeAddress, _ isStanding: Bool, _ now: Double) -> Finding {
    if isStanding { return .found(node) }
    guard isComplete, isFresh else { return .absent("the nodes have not all answered yet") }
    guard let incumbent, !isSame(incumbent.node, node) else { return .found(node) }
    let former = incumbent.node
    guard named.contains(former) else {
      // The names have given up the one before. If that serves on, it does so until another has more than its own word:
      // a pod that has just come up as a primary may be made a replica yet.
      let isLate = now - (claimedAt[node] ?? now) < Self.rivalPatience
      if isProven, isLate, followers(of: node).isEmpty, turnedAt[node] == nil {
        return .absent("\(node) has not been a primary for long")
      }
      return .found(node)
    }
    switch book.observations[former] {
    case .answered(let own, _) where own.role == .replica:
      if isGivenPlace(node) { return .found(node) }
      return .absent("\(node) says that it is the primary, and \(former), which was, does not follow it")
    case .answered: return .absent(contest(former, node))
    case nil: return .absent("\(former) has not answered yet")
    case .lost(let why):
      let others = named.filter { !isSame($0, node) && book.info(of: $0) != nil }
      if goesOn(node) || node == meant, !others.isEmpty, others.allSatisfy({ follows($0, node) }) {
        return .found(node)
      }
      return .absent("no connection to the primary \(former): \(why)")
    }
  }

  /// Whoever was the primary says itself that it is a replica of this one.
  private func isGivenPlace(_ node: NodeAddress) -> Bool {
    guard let former = incumbent?.node, let own = book.info(of: former), own.role == .replica else { return false }
    return follows(former, node) || goesOn(node) && own.primary.map { isSamePlace($0, node) } == true
  }

  /// Those that the names stand for and that say that they are a primary, each once.
  var claimants: [NodeAddress] {
    named.filter { book.info(of: $0)?.role == .primary }.reduce(into: []) { found, node in
      if !found.contains(where: { isSame($0, node) }) { found.append(node) }
    }
  }

  /// A replica that has another primary than this node, and had not while all was well.
  private func dissenter(from node: NodeAddress) -> NodeAddress? {
    named.first { isDissenter($0, from: node) && !isLoner($0) }
  }

  /// Whether a replica has another primary than this node, or names another of these nodes as the one it looks for.
  func isDissenter(_ replica: NodeAddress, from node: NodeAddress) -> Bool {
    guard let info = book.info(of: node), let own = book.info(of: replica), own.role == .replica else { return false }
    if own.isLinked {
      return !own.replicationID.isEmpty && !info.replicationID.isEmpty && own.replicationID != info.replicationID
    }
    if let wanted = own.primary {
      if isSamePlace(wanted, node) { return false }
      if named.contains(where: { isSamePlace($0, wanted) }) { return true }
    }
    // It holds other data than this one goes on from, and has not begun to copy this one's.
    let isElsewhere = incumbent.map { !isSame($0.node, node) } ?? false
    return isElsewhere && !own.isSyncing && !own.replicationID.isEmpty
      && ![info.replicationID, info.previousReplicationID].contains(own.replicationID)
  }

  private func isSameLife(_ incumbent: Incumbent, _ node: NodeAddress) -> Bool {
    guard !incumbent.isUntried else { return false }
    return incumbent.runID.map { $0 == runIDs[node] } ?? (incumbent.node == node)
  }

  private func isSamePlace(_ one: NodeAddress, _ other: NodeAddress) -> Bool {
    book.isSamePlace(one, other) || isSame(one, other)
  }

  func goesOn(_ node: NodeAddress) -> Bool {
    !book.history.isEmpty && book.info(of: node)?.previousReplicationID == book.history
  }

  func followers(of primary: NodeAddress) -> [NodeAddress] {
    named.filter { !isSame($0, primary) && follows($0, primary) }
  }

  /// Whether a replica is linked, and writes down the primary's history.
  private func follows(_ replica: NodeAddress, _ primary: NodeAddress) -> Bool {
    guard let own = book.info(of: replica), let info = book.info(of: primary) else { return false }
    return own.role == .replica && own.isLinked && !own.replicationID.isEmpty
      && own.replicationID == info.replicationID
  }

  // MARK: - Words

  var proofWords: String {
    guard let incumbent, incumbent.node != meant else { return "" }
    return incumbent.former.map { "it has taken the place of \($0)" } ?? ""
  }

  private func contest(_ one: NodeAddress, _ other: NodeAddress) -> String {
    "both \(one) and \(other) say that they are the primary"
  }

  private func demotion(of node: NodeAddress, _ info: ReplicationInfo) -> String {
    "\(node) \(node == meant ? "is configured as the primary but says that it is a replica" : "says that it is a replica now")"
      + (info.primary.map { " of \($0)" } ?? "")
  }

  /// Why nobody says that it is the primary.
  private var silence: String {
    if let incumbent {
      switch book.observations[incumbent.node] {
      case .lost(let why): return "no connection to the primary \(incumbent.node): \(why)"
      case .answered(let info, _) where info.role == .replica: return demotion(of: incumbent.node, info)
      case nil where incumbent.node == meant: return "the primary \(incumbent.node) has not answered yet"
      case .answered, nil: break
      }
    }
    if named.contains(where: { book.observations[$0] == nil }) { return "the nodes have not all answered yet" }
    let lost = named.compactMap { node -> String? in
      if case .lost(let why) = book.observations[node] { "\(node): \(why)" } else { nil }
    }
    if lost.count == named.count { return "no node can be reached: \(lost[0])" }
    return "none of \(named.count) nodes says that it is the primary"
  }
}
