import Admin
import Proxy
import Reactor

extension Ambassador {
  var pauseCommand: ControlCommand {
    ControlCommand(
      "PAUSE", "[SECONDS]", count: 0...1, summary: "let writes wait until RESUME, or for so many seconds",
      details: [
        "Whatever needs the primary waits, reads of replicas go on, connections stay open. It answers when nothing that was",
        "sent before is without a reply, or after a second, and says what is left. Transactions that have begun and",
        "blocking commands are finished: with any of these open, data can still change.",
        "Past failover.hold-bytes of waiting requests further ones are refused (-AMBDOWN). PAUSE again sets a new time.",
      ]
    ) { [unowned self] request in
      var seconds: Double?
      if let text = request.arguments.first {
        guard let number = Double(text), number > 0, number <= 86400 else {
          return request.answer(.failure("ERR SECONDS is a number above 0, a day at the most"))
        }
        seconds = number
      }
      self.desk?.pause(for: seconds) { request.answer(.status($0)) }
    }
  }

  var resumeCommand: ControlCommand {
    ControlCommand(
      "RESUME", summary: "end a pause: what has waited goes on, in order",
      details: ["RESUME without a pause does nothing."]
    ) { [unowned self] request in
      self.desk?.resume { request.answer(.status($0)) }
    }
  }

  var drainCommand: ControlCommand {
    ControlCommand(
      "DRAIN", "[SECONDS]", count: 0...1, summary: "let clients finish, then end the process, as SIGTERM does",
      details: [
        "No more clients are accepted; those that wait for replies get them, for SECONDS (shutdown.drain) at the most.",
        "This connection stays open until the process ends.",
      ]
    ) { [unowned self] request in
      var seconds = self.configuration.shutdown.drain.seconds
      if let text = request.arguments.first {
        guard let number = Double(text), number >= 0, number <= 86400 else {
          return request.answer(.failure("ERR SECONDS is a number from 0 to 86400"))
        }
        seconds = number
      }
      request.answer(.status("OK draining for at most \(Wording.time(seconds)), then the process ends"))
      self.logger.info("DRAIN: \(self.isStopping ? "ending now" : "draining for at most \(seconds) s")")
      self.drain(seconds: self.isStopping ? 0 : seconds)
    }
  }
}

extension StatusDesk {
  /// How long a pause waits for what is under way, in seconds, and how often it looks.
  private static let patience = 1.0
  private static let interval = 0.02

  /// Lets writes wait.
  /// - Parameters:
  ///   - seconds: after which it ends by itself.
  ///   - then: called when nothing is under way any more, or it was waited long enough for.
  func pause(for seconds: Double?, _ then: @escaping (String) -> Void) {
    let now = ambassador.loop.now
    let end = seconds.map { seconds in
      TimerSource(on: ambassador.loop, after: seconds) { [unowned self] in
        self.ambassador.logger.notice("the pause of writes has lasted \(Wording.time(seconds)) and is over")
        self.resume { _ in }
      }
    }
    if paused == nil {
      ambassador.logger.notice("writes are paused\(seconds.map { " for \(Wording.time($0))" } ?? "")")
    }
    paused = Paused(since: paused?.since ?? now, until: seconds.map { now + $0 }, end: end)
    survey.ask(.pause(true)) { [unowned self] in self.settle($0, until: now + Self.patience, then) }
  }

  /// Ends the pause.
  func resume(_ then: @escaping (String) -> Void) {
    guard let ended = paused else { return then("OK nothing was paused") }
    paused = nil
    let lasted = Wording.time(ambassador.loop.now - ended.since)
    survey.ask(.pause(false)) { [unowned self] _ in
      self.ambassador.logger.notice("writes go on, after a pause of \(lasted)")
      then("OK writes go on, after a pause of \(lasted)")
    }
  }

  /// Asks again until nothing is in flight that was sent before.
  private func settle(_ answers: [PauseReport?], until deadline: Double, _ then: @escaping (String) -> Void) {
    guard paused != nil else { return then("OK the pause is over already") }
    let known = answers.compactMap { $0 }
    let silent = answers.count - known.count
    let inFlight = known.reduce(0) { $0 + $1.inFlight }
    if inFlight == 0 && silent == 0 || ambassador.loop.now >= deadline {
      let sessions = known.reduce(0) { $0 + $1.sessions }
      var sentence = "OK writes wait until RESUME; "
      sentence += inFlight == 0 ? "nothing is in flight" : "\(Wording.count(inFlight, "request")) still in flight"
      if sessions > 0 { sentence += ", \(Wording.count(sessions, "client")) in transactions or blocking commands" }
      if silent > 0 { sentence += ", \(Wording.count(silent, "thread")) not answering" }
      return then(sentence)
    }
    nextRetry += 1
    let number = nextRetry
    retries[number] = TimerSource(on: ambassador.loop, after: Self.interval) { [unowned self] in
      self.retries[number] = nil
      self.survey.ask(.underWay) { [unowned self] in self.settle($0, until: deadline, then) }
    }
  }
}
