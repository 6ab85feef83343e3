// Evidence against a primary: how it arises and how it ends.
extension SentinelTopology {
  /// How long a failover counts as under way whose only witness has gone silent, in seconds.
  static let witnessPatience = 10.0
  /// How long it may take from agreement that the primary is down to a failover. When none has begun by then, a primary
  /// that answers us may go on: the Sentinels cannot, or may not, replace it.
  static let downPatience = 5.0
  /// How long a replica that turned into a primary keeps the named one from being believed. A failover's promotion is
  /// known to all Sentinels within about two seconds; what is still the same after this long was done by hand.
  static let rivalPatience = 5.0
  /// How long a node that a failover has promoted is believed before a Sentinel names it, in seconds. The leader does within
  /// about one, after its next `INFO`; what takes longer has come to nothing.
  static let promotionPatience = 3.0
  /// How long a Sentinel that nobody names any more is remembered after it was lost.
  static let sentinelPatience = 30.0

  mutating func doubt(
    _ node: NodeAddress, _ kind: Doubt.Kind, _ sentence: String, by sentinel: String,
    selecting selected: NodeAddress? = nil, _ now: Double
  ) {
    // By whatever name it goes.
    for accused in watchedNodes + [node] where isSame(accused, node) {
      accusedAt[accused] = max(accusedAt[accused] ?? now, now)
    }
    var epoch: UInt64?
    if case .one(let named, let its) = claim, isSame(named, node) { epoch = its }
    if let index = doubts.firstIndex(where: { $0.sentinel == sentinel && $0.against == node && $0.kind == kind }) {
      doubts[index].last = max(doubts[index].last, now)
      // Another failover may select another.
      if epoch != doubts[index].epoch { (doubts[index].epoch, doubts[index].selected) = (epoch, nil) }
      if let selected { doubts[index].selected = selected }
      if selected != nil || doubts[index].selected == nil { doubts[index].sentence = sentence }
    } else {
      doubts.append(
        Doubt(
          sentinel: sentinel, against: node, kind: kind, selected: selected, epoch: epoch, since: now, last: now,
          sentence: sentence))
    }
  }

  /// What a Sentinel's answer means for the doubts that it raised before it was asked.
  mutating func weigh(_ answer: SentinelAnswer, of sentinel: String, askedAt asked: Double, now: Double) {
    // From the promotion on, the flags are still about the old primary.
    let subject = answer.deposed ?? answer.primary
    let failing = answer.isFailingOver ? subject : nil
    doubts.removeAll { doubt in
      guard doubt.sentinel == sentinel, doubt.last <= asked else { return false }
      switch doubt.kind {
      case .failover: return failing != doubt.against
      case .down: return !answer.isDown || subject != doubt.against
      }
    }
    if let failing,
      !doubts.contains(where: { $0.sentinel == sentinel && $0.against == failing && $0.kind == .failover })
    {
      doubt(failing, .failover, "a failover of \(failing) is under way", by: sentinel, asked)
    }
    if let failing, let selected = answer.replicas.first(where: \.isSelected)?.address,
      let index = doubts.firstIndex(where: {
        $0.sentinel == sentinel && $0.against == failing && $0.kind == .failover
      })
    {
      doubts[index].selected = selected
    }
    if answer.isDown, !doubts.contains(where: { $0.sentinel == sentinel && $0.kind == .down }) {
      doubt(subject, .down, "Sentinel holds \(subject) to be down", by: sentinel, asked)
    }
  }

  mutating func forgetOldDoubts(_ now: Double) {
    doubts.removeAll { doubt in
      let view = views[doubt.sentinel]
      let isSilent = view.map { $0.isLost || $0.knownNames != nil } ?? true
      return isSilent && now - doubt.last > Self.witnessPatience
    }
  }

  /// What speaks against a node now, the gravest first.
  func doubts(against node: NodeAddress, _ now: Double) -> [Doubt] {
    let all = doubts.filter { isSame($0.against, node) }
    return all.filter { $0.kind == .failover }
      + all.filter { $0.kind == .down && now - $0.since < Self.downPatience }
  }

  /// Another node that has lately turned from a replica into a primary.
  func rival(of node: NodeAddress, besides other: NodeAddress? = nil) -> NodeAddress? {
    watchedNodes.first { rival in
      turnedAt[rival] != nil && !isSame(rival, node) && other.map { !isSame(rival, $0) } ?? true
    }
  }
}
