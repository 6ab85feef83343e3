// Who is the primary.
extension SentinelTopology {
  /// Whom the Sentinels name.
  enum Claim: Equatable {
    case none
    case one(NodeAddress, epoch: UInt64)
    case contested([NodeAddress], epoch: UInt64)
  }

  /// By the highest config epoch that any Sentinel has said, also one that is silent now: a younger one there was.
  var claim: Claim {
    let views = views.sorted { $0.key < $1.key }.map(\.value).filter { $0.answer != nil }
    guard let epoch = views.compactMap({ $0.answer?.configEpoch }).max() else { return .none }
    let highest = views.filter { $0.answer?.configEpoch == epoch }
    let live = highest.filter { !$0.isLost }
    var nodes: [NodeAddress] = []
    for node in (live.isEmpty ? highest : live).compactMap({ $0.answer?.primary })
    where !nodes.contains(where: { isSame($0, node) }) {
      nodes.append(node)
    }
    return nodes.count == 1 ? .one(nodes[0], epoch: epoch) : .contested(nodes, epoch: epoch)
  }

  mutating func judge(_ now: Double) {
    forgetOldDoubts(now)
    turnedAt = turnedAt.filter { now - $0.value < Self.rivalPatience }
    if proof == nil, hasNewReign {
      floor = nil
      superseded = [:]
    }
    if let current = proof {
      confirm()
      guard let why = objection(to: proof ?? current, now) else { return }
      proof = nil
      brokenAt = now
      absence = why
      accusedAt[current.node] = max(accusedAt[current.node] ?? now, now)
    }
    switch search(now) {
    case .found(let found):
      proof = found
      lastProof = found
      book.follow(found.node)
      confirm()
    case .absent(let why): absence = why
    }
  }

  // MARK: - Proof that stands

  /// What ends the proof. Less is needed to keep it than to find it: Sentinels may all be silent, and the last proven
  /// topology serves on.
  private func objection(to proof: Proof, _ now: Double) -> String? {
    let node = proof.node
    switch book.observations[node] {
    case nil: return "\(node) has not answered yet"
    case .lost(let why): return "no connection to the primary \(node): \(why)"
    case .answered(let info, _) where info.role == .replica: return demotion(of: node, info)
    case .answered: break
    }
    if let before = proof.runID, let id = runIDs[node], id != before { return "\(node) was restarted" }
    switch claim {
    case .one(let named, let epoch):
      // A handover is against Sentinel's word as it was; any newer word ends it.
      let isStill =
        if case .handover(let old) = proof.basis { isSame(named, old) && epoch == proof.epoch } else { false }
      if epoch >= proof.epoch, !isSame(named, node), !isStill {
        return "Sentinel names \(named) at config epoch \(epoch)"
      }
    case .contested(let nodes, let epoch) where epoch >= proof.epoch: return Self.disagreement(nodes, epoch)
    case .contested, .none: break
    }
    if let doubt = doubts(against: node, now).first { return doubt.sentence }
    if isCutOff(with: node) { return isolation(of: node) }
    switch proof.basis {
    case .named, .agreed:
      if let rival = rival(of: node) { return "\(rival), a replica, says that it is the primary now" }
    case .promoted(let old):
      if let rival = rival(of: node, besides: old) { return "\(rival), a replica, says that it is the primary now" }
      if !doubts.contains(where: { supports($0, proof, insteadOf: old) }) {
        return "the failover of \(old) to \(node) was given up"
      }
      if let other = otherChoice(than: node, since: proof.epoch - 1) { return "\(other) is selected, besides \(node)" }
      if !isRecent(node, now) { return "\(node) was promoted in the failover of \(old), and no Sentinel names it" }
    case .handover(let old):
      if let doubt = doubts(against: old, now).first { return doubt.sentence }
      if let rival = rival(of: node, besides: old) { return "\(rival) says that it is the primary too" }
      if book.info(of: old)?.role == .primary { return "\(old), which Sentinel names, says that it is the primary too" }
    }
    return nil
  }

  /// Takes a newer word of Sentinel for the proven primary into its proof.
  private mutating func confirm() {
    guard var current = proof, case .one(let named, let epoch) = claim, isSame(named, current.node),
      epoch >= current.epoch
    else { return }
    current.epoch = epoch
    current.basis = .named
    if proof != current { proof = current }
    lastProof = current
    // That it turned is told by now; the next failover may find it a former primary.
    turnedAt = turnedAt.filter { !isSame($0.key, current.node) }
    if let floor, floor.epoch > epoch { return }
    if floor?.epoch != epoch { witnesses = [] }
    floor = (epoch, current)
    for (id, view) in views where view.answer.map({ $0.configEpoch >= epoch }) == true { witnesses.insert(id) }
    for node in watchedNodes where !isSame(node, current.node) && lastRole[node]?.role == .primary {
      if let id = runIDs[node] { superseded[id] = epoch }
    }
    if let id = current.runID { superseded[id] = nil }
  }

  /// Everybody else is out of reach at once: then it is us, and the primary with us, that was cut off, and the others are
  /// about to promote another. What this one acknowledges from now on would be thrown away.
  private func isCutOff(with primary: NodeAddress) -> Bool {
    let others = watchedNodes.filter { !isSame($0, primary) }
    guard !others.isEmpty, !views.isEmpty, views.values.allSatisfy(\.isLost) else { return false }
    return others.allSatisfy { if case .lost = book.observations[$0] { true } else { false } }
  }

  // MARK: - New proof

  private enum Finding {
    case found(Proof)
    case absent(String)
  }

  private func search(_ now: Double) -> Finding {
    guard case .one(let named, let epoch) = claim else {
      if case .contested(let nodes, let epoch) = claim { return .absent(Self.disagreement(nodes, epoch)) }
      return .absent(ignorance ?? absence)
    }
    guard hasFreshAnswers else {
      let isAlone = views.values.allSatisfy { $0.isLost || $0.knownNames != nil }
      return isAlone ? searchAlone(now) : .absent(absence)
    }
    if let floor, epoch < floor.epoch, !isSameLife(named, floor.proof) {
      return .absent(
        "Sentinel names \(named) at config epoch \(epoch), which is older than \(floor.epoch) of \(floor.proof.node)")
    }
    if let floor, epoch == floor.epoch, !isSame(named, floor.proof.node), !isSameLife(named, floor.proof),
      handover(from: named, epoch, now) == nil
    {
      return .absent(Self.disagreement([floor.proof.node, named], epoch))
    }
    if let doubt = doubts(against: named, now).first {
      return promotion(insteadOf: named, epoch, now).map { .found($0) } ?? .absent(doubt.sentence)
    }
    switch book.observations[named] {
    case nil: return .absent("the primary \(named) has not answered yet")
    case .lost(let why): return .absent("no connection to the primary \(named): \(why)")
    case .answered(let info, _) where info.role == .replica:
      return handover(from: named, epoch, now).map { .found($0) } ?? .absent(demotion(of: named, info))
    case .answered: break
    }
    if !hasSpokenSince(named) { return .absent(absence) }
    if let id = runIDs[named], let past = superseded[id], past >= epoch {
      return .absent("\(named) is a former primary, whose place another took at config epoch \(past)")
    }
    if let rival = rival(of: named) { return .absent("\(rival), a replica, says that it is the primary now") }
    return .found(Proof(node: named, runID: runIDs[named], epoch: epoch, basis: .named))
  }

  /// Whether the Sentinels have been heard since the last proof ended: all that can be reached, or most of those known.
  private var hasFreshAnswers: Bool {
    let known = views.values.filter { $0.knownNames == nil }
    let fresh = known.filter { !$0.isLost && $0.answer != nil && $0.askedAt >= brokenAt }.count
    return fresh > 0 && (fresh == known.filter { !$0.isLost }.count || 2 * fresh > known.count)
  }

  private func hasSpokenSince(_ node: NodeAddress) -> Bool {
    guard let asked = askedAt[node] else { return false }
    return asked >= (accusedAt.filter { isSame($0.key, node) }.map(\.value).max() ?? -.infinity)
  }

  private func isSameLife(_ node: NodeAddress, _ proof: Proof) -> Bool {
    guard let id = proof.runID, !id.isEmpty else { return node == proof.node }
    return runIDs[node] == id
  }

  /// The early proof. The leader of a failover selects one replica and tells it to become a primary, and from that moment
  /// it takes writes; but the leader learns of it from its next `INFO`, up to a second later, and only then names it.
  ///
  /// It is safe to use that second: the failover's leader was elected by a majority and has said which replica it has
  /// selected; that very replica, and no other, says that it is a primary now, and that it goes on from the old primary's
  /// history; and an elected leader that has promoted a replica does not take it back, but names it.
  ///
  /// Should the leader die within that second, another failover may select another replica. So the proof ends when the leader
  /// is lost, when another choice is heard of, when the leader gives the failover up, and when nobody names the node in time;
  /// the writes until then are lost with the ones that an old primary had not replicated.
  private func promotion(insteadOf old: NodeAddress, _ epoch: UInt64, _ now: Double) -> Proof? {
    // A failover of this reign: one that is over may have a witness who has not said so.
    let chosen = doubts(against: old, now).filter { $0.epoch == epoch && isThere($0.sentinel) }.compactMap(\.selected)
    guard let selected = chosen.first, otherChoice(than: selected, since: epoch) == nil,
      let node = watchedNodes.first(where: { isSame($0, selected) && isRecent($0, now) }),
      let info = book.info(of: node), info.role == .primary, hasSpokenSince(node), !isSame(node, old),
      !book.history.isEmpty, info.previousReplicationID == book.history,
      rival(of: node, besides: old) == nil
    else { return nil }
    return Proof(node: node, runID: runIDs[node], epoch: epoch + 1, basis: .promoted(insteadOf: old))
  }

  private func supports(_ doubt: Doubt, _ proof: Proof, insteadOf old: NodeAddress) -> Bool {
    doubt.kind == .failover && isThere(doubt.sentinel) && isSame(doubt.against, old)
      && doubt.epoch.map { $0 + 1 == proof.epoch } == true
      && doubt.selected.map { isSame($0, proof.node) } == true
  }

  /// Another node that a failover of this epoch or a later one is to promote.
  private func otherChoice(than node: NodeAddress, since epoch: UInt64) -> NodeAddress? {
    doubts.filter { $0.kind == .failover && $0.epoch ?? epoch >= epoch }.compactMap(\.selected).first {
      !isSame($0, node)
    }
  }

  private func isRecent(_ node: NodeAddress, _ now: Double) -> Bool {
    turnedAt[node].map { now - $0 < Self.promotionPatience } ?? false
  }

  private func isThere(_ sentinel: String) -> Bool { views[sentinel].map { !$0.isLost } ?? false }

  /// The proof of a handover: `FAILOVER TO`, or `REPLICAOF` by hand. Sentinel does not follow these; for half a minute it
  /// goes on naming a node that refuses every write, and then promotes whom it likes.
  ///
  /// Until then the node that took over is the one and only primary: the named one itself says that it is a replica,
  /// follows that node and has its history; and no other node says that it is a primary. Sentinel's failover against the
  /// named node is evidence that ends this proof, before its promotion.
  private func handover(from old: NodeAddress, _ epoch: UInt64, _ now: Double) -> Proof? {
    guard let own = book.info(of: old), own.role == .replica, doubts(against: old, now).isEmpty else { return nil }
    // A word from before it was named is one of the replica that was promoted.
    let namedSince = views.values.filter { $0.answer?.configEpoch == epoch }.map(\.namesSince).min() ?? .infinity
    guard askedAt[old] ?? -.infinity >= namedSince else { return nil }
    var primaries: [NodeAddress] = []
    for node in watchedNodes where book.info(of: node)?.role == .primary {
      if !primaries.contains(where: { isSame($0, node) }) { primaries.append(node) }
    }
    guard primaries.count == 1, let info = book.info(of: primaries[0]), hasSpokenSince(primaries[0]) else { return nil }
    let node = primaries[0]
    let follows = own.isLinked && !own.replicationID.isEmpty && own.replicationID == info.replicationID
    let isPointedAt = own.primary.map { isSame($0, node) } == true
    let goesOn = !book.history.isEmpty && info.previousReplicationID == book.history
    guard follows || isPointedAt && goesOn else { return nil }
    return Proof(node: node, runID: runIDs[node], epoch: epoch, basis: .handover(from: old))
  }

  /// No Sentinel answers, and the connection to the primary had been lost: it is still the primary if it is the same
  /// process, says so, no other node does, and every replica that answers follows it.
  private func searchAlone(_ now: Double) -> Finding {
    guard let last = lastProof else { return .absent(absence) }
    let node = last.node
    guard let info = book.info(of: node), info.role == .primary else {
      if case .lost(let why) = book.observations[node] {
        return .absent("no connection to the primary \(node): \(why)")
      }
      return .absent(absence)
    }
    if isCutOff(with: node) { return .absent(isolation(of: node)) }
    guard isSameLife(node, last), hasSpokenSince(node), last.epoch >= (floor?.epoch ?? 0) else {
      return .absent("no sentinel answers, and \(node) is not proven to be the primary still")
    }
    let others = watchedNodes.filter { !isSame($0, node) }
    let answering = others.compactMap { book.info(of: $0) }
    let agrees = answering.allSatisfy {
      $0.role == .replica && $0.isLinked && $0.replicationID == info.replicationID
    }
    guard agrees, others.isEmpty || !answering.isEmpty else {
      return .absent("no sentinel answers, and not all replicas follow \(node)")
    }
    var proof = last
    if case .promoted = last.basis { proof.basis = .agreed }
    return .found(proof)
  }

  /// Whether epochs that are no higher are right because the Sentinels were all made anew: none is left of those that knew the higher
  /// one, enough agree, and the primary of before does not say that it still is.
  private var hasNewReign: Bool {
    guard let floor, witnesses.isDisjoint(with: views.keys), case .one(_, let epoch) = claim, epoch <= floor.epoch
    else { return false }
    let agreeing = views.values.filter { !$0.isLost && $0.answer?.configEpoch == epoch }
    let quorum = agreeing.compactMap { $0.answer?.quorum }.max() ?? 1
    return agreeing.count >= quorum && book.info(of: floor.proof.node)?.role != .primary
  }

  // MARK: - Words

  private static func disagreement(_ nodes: [NodeAddress], _ epoch: UInt64) -> String {
    "Sentinels disagree: config epoch \(epoch) belongs to \(nodes.map(\.description).joined(separator: " and to "))"
  }

  private func isolation(of node: NodeAddress) -> String {
    "neither a Sentinel nor a replica can be reached: \(node) may be cut off from them"
  }

  private func demotion(of node: NodeAddress, _ info: ReplicationInfo) -> String {
    "\(node) is named by Sentinel but says that it is a replica" + (info.primary.map { " of \($0)" } ?? "")
  }

  /// Why nobody names a primary, when that is because nobody knows the set.
  private var ignorance: String? {
    let ignorant = views.values.compactMap(\.knownNames)
    guard !ignorant.isEmpty else { return nil }
    let names = Set(ignorant.joined()).sorted()
    let known = names.isEmpty ? "it watches none" : "it watches " + names.joined(separator: ", ")
    let hint = names.contains { $0.lowercased() == name.lowercased() } ? "; upper and lower case matter" : ""
    return "Sentinel watches no master called \(name): \(known)\(hint)"
  }
}
