import Configuration
import Logging
import Proxy
import Reactor
import Routing
import Topology

// Another configuration while it runs. All or nothing: until it is proven to be readable, valid and served by a primary,
// what is in force stays in force.
extension Ambassador {
  /// Reads the configuration and the secrets again, and puts what is different in force.
  ///
  /// On the control loop's thread. `completion` is called there too, at once for what can be said at once: a refusal,
  /// a plan that was only asked for, or that nothing changes.
  /// - Parameters:
  ///   - dryRun: only plan.
  ///   - cause: what asked for it, for the log.
  ///   - planned: called before `completion` with a plan that is about to be carried out.
  func reload(
    dryRun: Bool = false, because cause: String, planned: @escaping (ReloadPlan) -> Void = { _ in },
    completion: @escaping (ReloadOutcome) -> Void = { _ in }
  ) {
    guard !isStopping else { return completion(.abandoned) }
    if dryRun { return completion(dryRunOutcome()) }
    reload([ReloadRequest(since: loop.now, planned: planned, completion: completion)], because: cause)
  }

  private func reload(_ requests: [ReloadRequest], because cause: String) {
    tellReloading()
    // As they are before they are read: what changes meanwhile is noticed.
    fileWatch?.note()
    let read: (plan: ReloadPlan, secrets: Secrets)
    do throws(Refusal) { read = try self.read(watching: true) } catch {
      return refuse(error.reasons, cause, requests)
    }
    let (plan, secrets) = read
    lastRefusal = []
    switch reloading.stage {
    case .applying: reloading.later += requests
    case .proving(let candidate) where candidate.plan == plan && candidate.secrets == secrets:
      // Whoever comes after the others were told why it takes so long is told, too.
      if reloading.requests.isEmpty { armPatience() }
      reloading.requests += requests
      for request in requests { request.planned(plan) }
    case .proving(let candidate):
      drop(candidate)
      begin(plan, secrets, requests, because: cause)
    case .none: begin(plan, secrets, requests, because: cause)
    }
  }

  private func dryRunOutcome() -> ReloadOutcome {
    do throws(Refusal) { return .planned(try read(watching: false).plan) } catch { return .refused(error.reasons) }
  }

  /// Why nothing can be made of what the files say.
  private struct Refusal: Error {
    let reasons: [String]
  }

  /// Reads the configuration and the secrets again.
  /// - Parameter watching: whether what the configuration names is watched from now on, from before it is read.
  private func read(watching: Bool) throws(Refusal) -> (plan: ReloadPlan, secrets: Secrets) {
    let configuration: AmbassadorConfiguration
    switch inputs?.load() ?? .success(self.configuration) {
    case .success(let new): configuration = new
    case .failure(let errors): throw Refusal(reasons: errors.errors.map(\.description))
    }
    if watching { watchFiles(of: configuration) }
    let secrets: Secrets
    do throws(Secrets.Failure) { secrets = try Secrets(of: configuration) } catch {
      throw Refusal(reasons: [error.description])
    }
    let plan = ReloadPlan(
      from: (self.configuration, self.secrets), to: (configuration, secrets), known: knownNodes(lastSnapshot))
    return (plan, secrets)
  }

  private func refuse(_ reasons: [String], _ cause: String, _ requests: [ReloadRequest]) {
    // A file that stays wrong is looked at often, and said to be wrong once.
    if reasons != lastRefusal { logger.error("\(cause): nothing has changed: \(reasons.joined(separator: "; "))") }
    lastRefusal = reasons
    tell(requests) { _ in .refused(reasons) }
  }

  private func begin(_ plan: ReloadPlan, _ secrets: Secrets, _ requests: [ReloadRequest], because cause: String) {
    let isNews = plan.restarts != lastRestarts
    lastRestarts = plan.restarts
    guard !plan.isEmpty else {
      if isNews || cause == "SIGHUP" { logger.info("\(cause): \(plan)") }
      return tell(requests) { _ in .unchanged(plan) }
    }
    logger.info("\(cause): \(plan)")
    reloading.requests = requests
    for request in requests { request.planned(plan) }
    if plan.looksAnew { prove(plan, secrets) } else { apply(plan, secrets, nil) }
  }

  /// Looks at the nodes of the new configuration, as what is in force goes on.
  private func prove(_ plan: ReloadPlan, _ secrets: Secrets) {
    let id = nextDiscoveryID()
    let discovery = makeDiscovery(plan.configuration, secrets, id: id)
    if let present = self.discovery { discovery.goOn(from: present) }
    reloading.stage = .proving(Candidate(plan: plan, secrets: secrets, discoveryID: id, discovery: discovery))
    armPatience()
    reloading.clock = TimerSource(on: loop, after: 0.25, repeating: 0.25) { [unowned self] in self.considerCandidate() }
    discovery.start()
  }

  private func armPatience() {
    reloading.patience = TimerSource(on: loop, after: Reloading.longestWait) { [unowned self] in self.giveNotice() }
  }

  /// The candidate's discovery has found something, or time has passed.
  func considerCandidate() {
    guard case .proving(var candidate) = reloading.stage else { return }
    if candidate.update?.snapshot.primary == nil {
      candidate.provenAt = nil
    } else if candidate.provenAt == nil {
      candidate.provenAt = loop.now
    }
    reloading.stage = .proving(candidate)
    let patience = candidate.plan.configuration.upstream.connectTimeout.seconds
    let isServing = lastPrimary != nil || discovery?.isComplete == false
    let isSameSource = configuration.topology.isSameSource(as: candidate.plan.configuration.topology)
    let primary = isSameSource ? lastTopology?.primary : nil
    guard candidate.isReady(now: loop.now, isServing: isServing, primary: primary, patience: patience) else { return }
    apply(candidate.plan, candidate.secrets, candidate)
  }

  /// Whoever waits is told why it takes so long; the candidate goes on trying.
  private func giveNotice() {
    guard case .proving(let candidate) = reloading.stage else { return }
    let why = candidate.update?.snapshot.primaryAbsence ?? ""
    let words = why.isEmpty ? "no node has answered yet" : why
    logger.warning("the new configuration is not in force yet, and what was in force goes on: \(words)")
    let waiting = reloading.requests
    reloading.requests = []
    tell(waiting) { _ in .waiting(candidate.plan, why: words) }
  }

  private func drop(_ candidate: Candidate) {
    candidate.discovery.cancel()
    let waiting = reloading.requests
    reloading.requests = []
    reloading.stage = .none
    reloading.patience = nil
    reloading.clock = nil
    tell(waiting) { _ in .superseded(candidate.plan) }
  }

  private func knownNodes(_ snapshot: TopologySnapshot?) -> Set<NodeAddress> {
    guard let snapshot else { return [] }
    return Set(snapshot.replicas.map(\.node)).union(snapshot.primary.map { [$0] } ?? [])
  }
}

// From a plan that will come true to workers that all follow it.
extension Ambassador {
  private func apply(_ plan: ReloadPlan, _ secrets: Secrets, _ candidate: Candidate?) {
    let before = knownNodes(lastSnapshot)
    let wasFencing = WorkerSettings(configuration, self.secrets, threads: threads).isFencing
    if !configuration.topology.isSameSource(as: plan.configuration.topology) { source += 1 }
    configuration = plan.configuration
    self.secrets = secrets
    // A file that is read no more may be deleted.
    watchFiles(of: configuration)
    logSink.use(configuration.log)
    reloading.patience = nil
    reloading.clock = nil
    generation += 1
    reloading.undrained = Set(workers.indices)
    var applying = Reloading.Applying(
      plan: plan, before: before, generation: generation,
      steps: Self.steps(to: WorkerSettings(configuration, secrets, threads: threads), wasFencing: wasFencing))
    let hasTopology = candidate.map { $0.update != nil } ?? (lastTopology != nil)
    applying.followersOpen = hasTopology ? workers.count : 0
    reloading.stage = .applying(applying)
    takeStep()
    if let candidate {
      discovery?.cancel()
      narrator.forgetSource()
      desk?.forgetSource()
      discovery = candidate.discovery
      discoveryID = candidate.discoveryID
      handovers = candidate.update?.handovers ?? 0
      if !candidate.commands.isEmpty { use(candidate.commands) }
      if let update = candidate.update { follow(update) }
    } else if var topology = lastTopology {
      topology.generation = generation
      lastTopology = topology
      for worker in workers { worker.follow(topology) }
    }
  }

  /// A read may only rely on what every worker enters: entering begins everywhere before the first client relies on it,
  /// and ends after the last.
  static func steps(to settings: WorkerSettings, wasFencing: Bool) -> [Reloading.Step] {
    guard wasFencing != settings.isFencing else { return [.init(settings: settings, usesNewRules: true)] }
    var fencing = settings
    fencing.isFencing = true
    return [
      .init(settings: fencing, usesNewRules: !settings.isFencing), .init(settings: settings, usesNewRules: true),
    ]
  }

  private func takeStep() {
    guard case .applying(var applying) = reloading.stage else { return }
    guard !applying.steps.isEmpty else { return finishReload() }
    let step = applying.steps.removeFirst()
    applying.stepsOpen = workers.count
    reloading.lastStep += 1
    reloading.stage = .applying(applying)
    if step.usesNewRules { rules = configuration.listen.map { ListenerRules(of: $0, in: configuration.reads) } }
    for worker in workers { worker.configure(step.settings, rules: rules, step: reloading.lastStep) }
  }

  /// A worker has taken settings.
  func configured(step: UInt64) {
    guard case .applying(var applying) = reloading.stage, step == reloading.lastStep else { return }
    applying.stepsOpen -= 1
    reloading.stage = .applying(applying)
    if applying.stepsOpen == 0 { takeStep() }
  }

  /// A worker follows a topology.
  func followed(generation: UInt64, _ counts: UpstreamCounts) {
    guard case .applying(var applying) = reloading.stage, generation == applying.generation,
      applying.followersOpen > 0
    else { return }
    applying.followersOpen -= 1
    applying.upstreams.kept += counts.kept
    applying.upstreams.opened += counts.opened
    applying.upstreams.draining += counts.draining
    reloading.stage = .applying(applying)
    finishReload()
  }

  private func finishReload() {
    guard case .applying(let applying) = reloading.stage, applying.stepsOpen == 0, applying.steps.isEmpty,
      applying.followersOpen == 0
    else { return }
    let (requests, later) = (reloading.requests, reloading.later)
    reloading.stage = .none
    reloading.requests = []
    reloading.later = []
    let after = knownNodes(lastSnapshot)
    func report(since: Double) -> ReloadReport {
      ReloadReport(
        plan: applying.plan, nodesAdded: after.subtracting(applying.before).sorted { "\($0)" < "\($1)" },
        nodesRemoved: applying.before.subtracting(after).sorted { "\($0)" < "\($1)" }, upstreams: applying.upstreams,
        milliseconds: Int((loop.now - since) * 1000))
    }
    let results = report(since: loop.now).changes.joined(separator: "; ")
    logger.info("the new configuration is in force (\(results))")
    tell(requests) { .done(report(since: $0)) }
    tellIfDrained()
    // One more for all who came meanwhile: it reads what is there now.
    if !later.isEmpty { reload(later, because: "reload") }
  }

  /// Nothing that was begun before this generation goes on at a worker.
  /// - Parameter hadAny: whether anything was.
  func drained(worker index: Int, generation: UInt64, hadAny: Bool) {
    if hadAny { reloading.hasDrained = true }
    if generation == self.generation, reloading.undrained.remove(index) != nil { tellIfDrained() }
  }

  /// Once for each generation, when all workers are done with it and it is in force.
  private func tellIfDrained() {
    if case .applying = reloading.stage { return }
    guard reloading.hasDrained, reloading.undrained.isEmpty else { return }
    reloading.hasDrained = false
    narrator.drained()
  }
}
