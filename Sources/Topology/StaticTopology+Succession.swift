// Another node in the place of the configured primary: `FAILOVER TO`, or `REPLICAOF` by hand.
extension StaticTopology {
  /// Decides who, if anybody, has taken the configured primary's place.
  mutating func succeed() {
    if let successor {
      let isOver = book.info(of: successor)?.role == .replica
      // The configured one is back in its place when others follow it again.
      let isBack = says(configuredPrimary, .primary) && !followers(of: configuredPrimary).isEmpty
      if isOver || isBack || !replicaAddresses.contains(successor) { self.successor = nil }
    }
    if successor == nil, let candidate {
      successor = candidate
      book.follow(candidate)
    }
  }

  /// What is to be said of the primary when there is a successor. It is given up for none by a configured one that comes
  /// back and says that it is a primary: that has what was written before, and nobody follows it.
  func proof(ofSuccessor successor: NodeAddress) -> (NodeAddress?, absence: String) {
    switch book.observations[successor] {
    case .answered(let info, _) where info.role == .primary:
      if says(configuredPrimary, .primary), followers(of: successor).isEmpty {
        return (nil, "both \(configuredPrimary) and \(successor) say that they are the primary")
      }
      return (successor, "")
    case .lost(let why):
      return (nil, "no connection to \(successor), which has taken the place of \(configuredPrimary): \(why)")
    case .answered, nil: return (nil, "\(successor) has not answered yet")
    }
  }

  /// Another that says that it is a primary and is followed, while nobody follows this one: nobody can tell which of the two
  /// is meant. From whose history it goes on does not matter: this one may have begun another when it was restarted.
  var rival: NodeAddress? {
    guard says(configuredPrimary, .primary), followers(of: configuredPrimary).isEmpty else { return nil }
    return replicaAddresses.first { says($0, .primary) && !followers(of: $0).isEmpty }
  }

  /// Exactly one node says that it is a primary, and it is not the configured one. That one follows it; or it cannot be
  /// asked, and all replicas that can, at least one, follow the new one.
  private var candidate: NodeAddress? {
    let primaries = ([configuredPrimary] + replicaAddresses).filter { says($0, .primary) }
    guard primaries.count == 1, let node = primaries.first, node != configuredPrimary else { return nil }
    if let own = book.info(of: configuredPrimary) {
      guard let named = own.primary, book.isSamePlace(named, node) else { return nil }
      return follows(configuredPrimary, node) || goesOn(node) ? node : nil
    }
    guard case .lost = book.observations[configuredPrimary], goesOn(node) else { return nil }
    let answering = replicaAddresses.filter { $0 != node && book.info(of: $0) != nil }
    return !answering.isEmpty && answering.allSatisfy { follows($0, node) } ? node : nil
  }

  private func says(_ node: NodeAddress, _ role: ReplicationInfo.Role) -> Bool { book.info(of: node)?.role == role }

  private func goesOn(_ node: NodeAddress) -> Bool {
    !book.history.isEmpty && book.info(of: node)?.previousReplicationID == book.history
  }

  private func followers(of primary: NodeAddress) -> [NodeAddress] {
    ([configuredPrimary] + replicaAddresses).filter { $0 != primary && follows($0, primary) }
  }

  /// Whether a replica is linked, and writes down the primary's history.
  private func follows(_ replica: NodeAddress, _ primary: NodeAddress) -> Bool {
    guard let own = book.info(of: replica), let info = book.info(of: primary) else { return false }
    return own.role == .replica && own.isLinked && !own.replicationID.isEmpty
      && own.replicationID == info.replicationID
  }
}
