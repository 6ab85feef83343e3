import Reactor

/// Lines are being withheld.
enum LogNudge: Sendable { case linesAreUntold }

// The log's own timer: it runs only while something is withheld.
extension Ambassador {
  func watchLog() {
    logNudges.open(on: loop) { [unowned self] _ in
      guard self.untold == nil else { return }
      self.untold = TimerSource(on: self.loop, after: 1) { [unowned self] in
        self.untold = nil
        self.logSink.tellUntold()
      }
    }
    logSink.whenUntold { [logNudges] in logNudges.send(.linesAreUntold) }
  }
}
