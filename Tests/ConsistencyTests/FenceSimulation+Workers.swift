import Consistency

/// The ambassador's data path, as far as the ledger is concerned.
extension FenceSimulation {
  /// Keys that come to a few slots, with tags of their own.
  static let hashes: [UInt64] = (0..<keys).map { key in
    UInt64(key % 3) << 60 | UInt64(key) << 36
  }

  private var sluggishness: Int { [1, 2, 2, 8][roll(4)] }

  func primaryLane(of worker: SimulatedWorker) -> SimulatedPrimaryLane {
    SimulatedPrimaryLane(node: nodes[worker.primary], reign: worker.reign, sluggishness: sluggishness)
  }

  func replicaLane(to node: SimulatedNode) -> SimulatedReplicaLane {
    SimulatedReplicaLane(node: node, sluggishness: sluggishness)
  }

  // MARK: Writes

  private func openBatch(on lane: SimulatedPrimaryLane) -> Ticket {
    if let open = lane.open { return open }
    let ticket = ledger.begin(under: lane.reign)
    lane.open = ticket
    return ticket
  }

  func write(_ key: Int?, on lane: SimulatedPrimaryLane, of worker: SimulatedWorker) {
    let ticket = openBatch(on: lane)
    if let key {
      ledger.mark(Self.hashes[key], ticket)
    } else {
      ledger.markEverything(ticket)
    }
    lane.unsent.append(key)
  }

  /// Begins a batch for its probe's sake.
  func probeOnly(_ worker: SimulatedWorker) {
    let lane = pick(worker.lanes)
    _ = openBatch(on: lane)
    flush(lane)
  }

  func flush(_ lane: SimulatedPrimaryLane) {
    for key in lane.unsent { lane.requests.append(.write(key, lane.open ?? 0)) }
    lane.unsent.removeAll()
    if let ticket = lane.open, lane.proving == nil {
      lane.requests.append(.probe(ticket))
      lane.proving = ticket
      lane.open = nil
    }
  }

  /// The server takes one request.
  func execute(_ lane: SimulatedPrimaryLane) {
    guard !lane.isBroken, !lane.requests.isEmpty else { return }
    switch lane.requests.removeFirst() {
    case .write(let key, let ticket):
      if let version = execute(key, of: ticket, on: lane.node) {
        lane.replies.append(.acknowledged(version: version, key: key))
      } else {
        lane.replies.append(.refused)
      }
    case .probe(let ticket):
      lane.replies.append(.probed(ticket, faultsEvery > 0 && chance(12) ? nil : lane.node.point))
    }
  }

  /// The worker takes one reply, or notices that the connection is gone.
  func deliver(_ lane: SimulatedPrimaryLane, of worker: SimulatedWorker) {
    guard !lane.replies.isEmpty else {
      if lane.isBroken { lose(lane, of: worker) }
      if lane.isRetired, lane.isIdle { worker.retired.removeAll { $0 === lane } }
      return
    }
    switch lane.replies.removeFirst() {
    case .acknowledged(let version, let key):
      for written in 0..<Self.keys where key == nil || key == written { acknowledged[written].append(version) }
    case .refused:
      break
    case .probed(let ticket, let point):
      lane.proving = nil
      if let point {
        ledger.prove(ticket, at: point)
      } else {
        ledger.giveUp(ticket)
      }
    }
  }

  /// A connection is lost: what was sent is never acknowledged, though it may be executed; the rest goes elsewhere.
  func lose(_ lane: SimulatedPrimaryLane, of worker: SimulatedWorker) {
    if !lane.isBroken {
      var reached: [Int?] = []
      for request in lane.requests.prefix(roll(lane.requests.count + 1)) {
        if case .write(let key, _) = request { reached.append(key) }
      }
      orphans.append((lane.node, lane.process, reached))
    }
    let unsent = lane.unsent
    lane.unsent = []
    if let ticket = lane.proving { ledger.giveUp(ticket) }
    if let ticket = lane.open { ledger.giveUp(ticket) }
    if lane.isRetired {
      worker.retired.removeAll { $0 === lane }
    } else if let index = worker.lanes.firstIndex(where: { $0 === lane }) {
      worker.lanes[index] = primaryLane(of: worker)
    }
    for key in unsent { write(key, on: pick(worker.lanes), of: worker) }
  }

  /// The worker hears of the primary that discovery has named last.
  func learnPrimary(_ worker: SimulatedWorker) {
    guard worker.reign != reign else { return }
    worker.primary = primary
    worker.reign = reign
    let old = worker.lanes
    worker.lanes = old.map { _ in primaryLane(of: worker) }
    for lane in old {
      lane.isRetired = true
      worker.retired.append(lane)
      if chance(2) {
        lose(lane, of: worker)
      } else {
        let unsent = lane.unsent
        lane.unsent = []
        for key in unsent { write(key, on: pick(worker.lanes), of: worker) }
        flush(lane)
      }
    }
  }

  // MARK: Reads

  func ask(_ lane: SimulatedReplicaLane) {
    lane.coverage.ask()
    lane.requests.append(.probe)
  }

  /// A client's read, of one key or of a command whose keys are not known.
  func read(on lane: SimulatedReplicaLane, of worker: SimulatedWorker) {
    let key = chance(4) ? nil : roll(Self.keys)
    let need = key.map { ledger.lastWrite(Self.hashes[$0]) } ?? ledger.latest
    let keys = key.map { $0...$0 } ?? 0...Self.keys - 1
    let read = SimulatedReplicaLane.Read(
      acknowledged: keys.map { ($0, acknowledged[$0].count) }, round: lane.round)
    if lane.node.isChained {
      lane.coverage.ask()
      lane.coverage.promise(need)
      lane.requests.append(.probeAndReads(chance(2) ? [read] : [read, read]))
      return
    }
    if need <= lane.coverage.proven {
      lane.requests.append(.read(read))
      return
    }
    if lane.coverage.mayLearn(fenced: ledger.fenced, now: now) { ask(lane) }
    if lane.coverage.asked > 0, chance(2) {
      lane.coverage.promise(need)
      lane.requests.append(.read(read))
    } else if ledger.needsProbe {
      probeOnly(worker)
    }
  }

  func execute(_ lane: SimulatedReplicaLane) {
    guard !lane.isBroken, !lane.requests.isEmpty else { return }
    switch lane.requests.removeFirst() {
    case .probe: answerProbe(lane)
    case .read(let read): answer(read, on: lane)
    case .probeAndReads(let reads):
      answerProbe(lane)
      for read in reads { answer(read, on: lane) }
    }
  }

  private func answerProbe(_ lane: SimulatedReplicaLane) {
    lane.replies.append(.probed(faultsEvery > 0 && chance(16) ? nil : lane.node.point, lane.node.log))
  }

  private func answer(_ read: SimulatedReplicaLane.Read, on lane: SimulatedReplicaLane) {
    // A node that loads answers with an error, and the read is asked again elsewhere.
    if !lane.node.isLoading { lane.replies.append(.read(read, lane.node.log)) }
  }

  func deliver(_ lane: SimulatedReplicaLane, of worker: SimulatedWorker) {
    guard !lane.replies.isEmpty else {
      if lane.isBroken { worker.replicaLanes[lane.node.id] = replicaLane(to: lane.node) }
      return
    }
    switch lane.replies.removeFirst() {
    case .read(let read, let log):
      if read.round == lane.round { check(read, saw: log, on: lane.node) }
    case .probed(let point, let log):
      let holds: Bool
      if let point {
        let covered = ledger.coverage(at: point)
        check(coverage: covered, of: log, on: lane.node)
        holds = lane.coverage.learn(point, covering: covered, now: now)
      } else {
        holds = lane.coverage.learnNothing(now: now)
      }
      // What is unanswered is asked again on the primary.
      if !holds { lane.round += 1 }
    }
  }
}
