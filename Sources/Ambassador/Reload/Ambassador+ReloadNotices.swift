// Who hears of a reload besides the one who asked for it: the service manager, the metrics and the status.
extension Ambassador {
  /// Tells that a reload begins; ``tell(_:_:)`` tells that it is over.
  func tellReloading() { if isManagerToHear { serviceManager.reloading() } }

  /// Tells what came of a reload, also when it is only that it takes its time: here it is counted, once for each request,
  /// and once for what becomes of it when all who asked were told to wait no more.
  /// - Parameters:
  ///   - requests: those who wait for it.
  ///   - outcome: what came of it for one who has waited since then.
  func tell(_ requests: [ReloadRequest], _ outcome: (_ since: Double) -> ReloadOutcome) {
    let latest = outcome(loop.now)
    reloads[latest.word, default: 0] += max(1, requests.count)
    lastReload = (latest, loop.now)
    if isManagerToHear, !latest.isFollowed { serviceManager.ready("configuration: \(latest.word)") }
    for request in requests { request.completion(outcome(request.since)) }
  }

  /// Not before it has heard that clients are accepted, and not after it has heard that the process ends.
  private var isManagerToHear: Bool { isAccepting && !isStopping && lingering == nil }
}

extension ReloadOutcome {
  /// One word, for labels.
  var word: String {
    switch self {
    case .refused: "refused"
    case .planned: "planned"
    case .unchanged: "unchanged"
    case .done: "done"
    case .waiting: "waiting"
    case .superseded: "superseded"
    case .abandoned: "abandoned"
    }
  }

  /// Those that a reload can end with.
  static let words = ["done", "unchanged", "refused", "waiting", "superseded", "abandoned"]

  /// Why not all that the files say is in force; empty when it is, or when that is told otherwise.
  var reasons: [String] {
    switch self {
    case .refused(let reasons): reasons
    case .waiting(_, let why): [why]
    case .done(let report): report.plan.restartLines
    case .unchanged(let plan): plan.restartLines
    case .planned, .superseded, .abandoned: []
    }
  }

  /// Another reload, or the end of the process, is told next.
  fileprivate var isFollowed: Bool {
    switch self {
    case .superseded, .abandoned: true
    case .refused, .planned, .unchanged, .done, .waiting: false
    }
  }
}
