import Consistency

/// The servers.
extension FenceSimulation {
  /// Executes a write.
  /// - Returns: its version; nothing when the node takes no writes.
  func execute(_ key: Int?, of ticket: Ticket, on node: SimulatedNode) -> Int? {
    guard node.isPrimary else { return nil }
    let version = positions.count
    positions.append(node.log.count)
    tickets.append(ticket)
    isLost.append(node.id != primary)
    node.log.append(SimulatedEntry(version: version, key: key))
    return version
  }

  func executeOrphan() {
    guard !orphans.isEmpty else { return }
    let index = roll(orphans.count)
    let orphan = orphans[index]
    if let key = orphan.keys.first, orphan.node.isAlive, orphan.node.process == orphan.process {
      // It is never acknowledged, so its batch does not matter.
      _ = execute(key, of: 0, on: orphan.node)
      orphans[index].keys.removeFirst()
    } else {
      orphans.remove(at: index)
    }
  }

  /// One step of a replica after its upstream.
  func follow(_ node: SimulatedNode) {
    guard node.isAlive, !node.isPrimary else { return }
    switch node.sync {
    case .copying(let copy):
      node.sync = .loading(copy)
    case .loading(let copy):
      node.sync = .none
      node.history = copy.history
      node.log = copy.log
      node.previous = nil
      node.isLinked = false
      dropLinks(to: node)
    case .none:
      if node.isLinked { apply(node) } else { link(node) }
    }
  }

  private func apply(_ node: SimulatedNode) {
    let upstream = nodes[node.upstream]
    guard upstream.isAlive, upstream.history == node.history else {
      node.isLinked = false
      return
    }
    let missing = upstream.log.count - node.log.count
    guard missing > 0 else { return }
    node.log += upstream.log[node.log.count..<node.log.count + 1 + roll(missing)]
  }

  private func canFollow(_ node: SimulatedNode, _ upstream: SimulatedNode) -> Bool {
    guard upstream.isAlive, !upstream.isSyncing, upstream !== node else { return false }
    return upstream.isPrimary || node.isChained && upstream.isLinked
  }

  private func link(_ node: SimulatedNode) {
    let upstream = nodes[node.upstream]
    guard canFollow(node, upstream) else { return }
    if upstream.history == node.history, node.log.count <= upstream.log.count {
      node.isLinked = true
    } else if let previous = upstream.previous, previous.history == node.history, node.log.count <= previous.length {
      node.previous = (node.history, node.log.count)
      node.history = upstream.history
      node.isLinked = true
      dropLinks(to: node)
    } else {
      startSync(node)
    }
  }

  /// A full synchronisation, with open connections.
  func startSync(_ node: SimulatedNode) {
    let upstream = nodes[node.upstream]
    guard node.isAlive, !node.isPrimary, !node.isSyncing, canFollow(node, upstream) else { return }
    node.isLinked = false
    node.sync = .copying(.init(history: upstream.history, log: upstream.log))
  }

  private func dropLinks(to node: SimulatedNode) {
    for other in nodes where !other.isPrimary && other.upstream == node.id && other !== node { other.isLinked = false }
  }

  func save(_ node: SimulatedNode) {
    guard node.isAlive, !node.isSyncing else { return }
    node.saved = .init(history: node.history, log: node.log)
  }

  func restart(_ node: SimulatedNode) {
    node.restart()
    dropLinks(to: node)
  }

  /// The primary names its history anew: it had no replica for a while.
  func recreateBacklog() {
    let node = nodes[primary]
    node.history = newHistory()
    node.previous = nil
    dropLinks(to: node)
  }

  /// The primary starts again with what it had saved.
  func restartPrimary() {
    let node = nodes[primary]
    node.restart()
    node.previous = (node.history, node.log.count)
    node.history = newHistory()
    dropLinks(to: node)
    loseWhatIsMissing()
    if chance(2) { succeed() }
  }

  func failOver() {
    let old = nodes[primary]
    let candidates = nodes.filter { node in
      guard node.isAlive, !node.isPrimary, !node.isSyncing, !node.isChained else { return false }
      guard let last = node.log.last else { return true }
      return old.has(last.version, at: node.log.count - 1)
    }
    guard !candidates.isEmpty else { return }
    let new = pick(candidates)
    succeed()
    primary = new.id
    failovers += 1
    new.isPrimary = true
    new.isLinked = false
    new.previous = (new.history, new.log.count)
    new.history = newHistory()
    dropLinks(to: new)
    // The old one dies, or goes on alone until it is told.
    if chance(2) { old.isAlive = false }
    loseWhatIsMissing()
  }

  /// Discovery names a primary. Workers hear of it at different times, and close what goes to its predecessor, each before
  /// the next is named: this is what reigns rely on.
  private func succeed() {
    for worker in workers {
      learnPrimary(worker)
      for lane in worker.retired { lose(lane, of: worker) }
    }
    reign += 1
  }

  private func loseWhatIsMissing() {
    for version in 1..<positions.count where !nodes[primary].has(version, at: positions[version]) {
      isLost[version] = true
    }
  }

  /// Tells a node whom to follow now.
  func reconfigure(_ node: SimulatedNode) {
    guard node.id != primary else { return }
    if !node.isAlive { restart(node) }
    if node.isPrimary {
      node.isPrimary = false
      node.isLinked = false
    }
    let upstream = node.isChained ? Self.nodes - 2 : primary
    guard upstream != node.upstream else { return }
    node.upstream = upstream
    node.isLinked = false
  }
}
