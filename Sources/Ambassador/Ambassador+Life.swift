import Glibc
import Proxy
import Reactor

// How it ends.
extension Ambassador {
  func happened(_ event: WorkerEvent) {
    switch event {
    case .ended:
      workersLeft -= 1
      if workersLeft == 0 { loop.stop() }
    case .clientsAsked(let inquiry): answer(inquiry)
    case .announced(let news, let index):
      for (other, worker) in workers.enumerated() where other != index { worker.ask(.hear(news)) { _ in } }
      if !isStopping { narrator.happened(event) }
    case .configured(_, let step): configured(step: step)
    case .followed(_, let generation, let counts): followed(generation: generation, counts)
    case .drained(let index, let generation, let hadAny):
      if !isStopping { drained(worker: index, generation: generation, hadAny: hadAny) }
    case .outageOver, .upstreamLost, .replicaSilent, .primaryRefused, .resubscribed, .clientClosed, .passwordRefused:
      if !isStopping { narrator.happened(event) }
    }
    if case .outageOver(let toll) = event { desk?.suffered(toll) }
    if event.isEvidence { discovery?.look() }
  }

  /// Asks all workers about their clients, for a client of one of them.
  private func answer(_ inquiry: ClientInquiry) {
    desk?.survey.ask(.clients(inquiry)) { [unowned self] findings in
      self.workers[inquiry.worker].ask(.deliver(findings, of: inquiry)) { _ in }
    }
  }

  /// The first signal lets clients finish, the second ends at once.
  func stop(becauseOf number: Int32) {
    let name = [SIGINT: "SIGINT", SIGHUP: "SIGHUP"][number] ?? "SIGTERM"
    guard !isStopping, lingering == nil else {
      logger.info("\(name): ending now")
      return drain(seconds: 0)
    }
    let linger = configuration.shutdown.linger.seconds
    if number == SIGTERM, linger > 0 { return serveOn(seconds: linger) }
    let bound = configuration.shutdown.drain.seconds
    let seconds = number == SIGINT ? min(1, bound) : bound
    logger.info("\(name): draining for at most \(seconds) s")
    drain(seconds: seconds)
  }

  /// Takes no more connections, lets clients finish what they have asked, and ends. Asked again, it ends at once.
  func drain(seconds: Double) {
    // As long as those who wait for one can be told that, and before the service manager hears of the end.
    stopReloading()
    lingering = nil
    isStopping = true
    serviceManager.stopping("draining for at most \(seconds) s", within: seconds)
    listeners.close()
    for worker in workers { worker.drain(seconds: seconds) }
  }

  /// Goes on as before while clients are connected, and drains then, or when the time is over.
  private func serveOn(seconds: Double) {
    logger.info("SIGTERM: serving on while clients are connected, for at most \(seconds) s")
    serviceManager.stopping(
      "serving on for at most \(seconds) s", within: seconds + configuration.shutdown.drain.seconds)
    let end = loop.now + seconds
    var lastClient = loop.now
    lingering = TimerSource(on: loop, after: Self.lingerPulse, repeating: Self.lingerPulse) { [unowned self] in
      self.desk?.status { [weak self] status in
        guard let self, self.lingering != nil else { return }
        let now = self.loop.now
        if status.totals.clients > 0 { lastClient = now }
        guard now >= end || now - lastClient >= Self.lingerSilence else { return }
        let bound = self.configuration.shutdown.drain.seconds
        self.logger.info(
          "\(now >= end ? "\(seconds) s are over" : "no client is connected"): draining for at most \(bound) s")
        self.drain(seconds: bound)
      }
    }
  }

  /// How often clients are counted, and for how long there must be none, in seconds: pools connect anew at any time.
  private static let lingerPulse = 0.25
  private static let lingerSilence = 2.0

  func finish() {
    control?.close()
    http?.close()
    desk?.close()
    for worker in workers { worker.join() }
    discovery?.cancel()
    discovery = nil
    signals = []
    events.close()
    logNudges.close()
    untold = nil
    logger.info("ended")
    logSink.tellUntold()
  }
}
