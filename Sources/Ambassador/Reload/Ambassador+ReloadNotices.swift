// Who hears of a reload besides the one who asked for it: the service manager and the metrics.
extension Ambassador {
  /// Tells that a reload begins, and gives what is to be called when it has ended.
  func telling(_ completion: @escaping (ReloadOutcome) -> Void) -> (ReloadOutcome) -> Void {
    if isAccepting { serviceManager.reloading() }
    return { [unowned self] outcome in
      self.reloads[outcome.word, default: 0] += 1
      if self.isAccepting { self.serviceManager.ready("configuration: \(outcome.word)") }
      completion(outcome)
    }
  }
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
    }
  }

  /// Those that a reload can end with.
  static let words = ["done", "unchanged", "refused", "waiting", "superseded"]
}
