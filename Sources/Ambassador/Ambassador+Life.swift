import Glibc
import Proxy

// How it ends, and what the process needs to live.
extension Ambassador {
  func happened(_ event: WorkerEvent) {
    switch event {
    case .ended:
      workersLeft -= 1
      if workersLeft == 0 { loop.stop() }
    case .clientsAsked(let inquiry): answer(inquiry)
    case .configured(_, let step): configured(step: step)
    case .followed(_, let generation, let counts): followed(generation: generation, counts)
    case .drained, .upstreamLost, .replicaSilent, .primaryRefused, .resubscribed, .clientClosed, .passwordRefused:
      if !isStopping { narrator.happened(event) }
    }
  }

  /// Asks all workers about their clients, for a client of one of them.
  private func answer(_ inquiry: ClientInquiry) {
    desk?.survey.ask(.clients(inquiry)) { [unowned self] findings in
      self.workers[inquiry.worker].ask(.deliver(findings, of: inquiry)) { _ in }
    }
  }

  /// The first signal lets clients finish, the second ends at once.
  func stop(becauseOf number: Int32) {
    let drain = number == SIGINT ? min(1, configuration.shutdown.drain.seconds) : configuration.shutdown.drain.seconds
    logger.info(
      "\(number == SIGINT ? "SIGINT" : "SIGTERM"): \(isStopping ? "ending now" : "draining for at most \(drain) s")")
    isStopping = true
    listeners.close()
    stopReloading()
    for worker in workers { worker.drain(seconds: drain) }
  }

  func finish() {
    control?.close()
    desk?.close()
    for worker in workers { worker.join() }
    discovery?.cancel()
    discovery = nil
    signals = []
    events.close()
    logger.info("ended")
  }

  /// Sidecars hold a descriptor for each client and a few upstreams; the soft limit is often far below the hard one.
  static func raiseDescriptorLimit() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}
