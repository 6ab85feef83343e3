import Admin

extension Ambassador {
  var reloadCommand: ControlCommand {
    ControlCommand(
      "RELOAD", "[DRYRUN]", count: 0...1, summary: "read the configuration again and put it in force",
      details: [
        "All or nothing: with a file that is not valid, or a secret that cannot be read, nothing changes: -INVALID.",
        "Says the plan, then answers when every worker follows the new configuration, with what came of it; or -WAITING",
        "with the reason when its nodes have no primary yet: what was in force goes on, and the new one takes its place as",
        "soon as there is one. In RESP3 the plan is a push of its own, reload-plan, that comes at once.",
        "DRYRUN says what would change, and changes nothing.",
      ]
    ) { [unowned self] request in
      let option = request.arguments.first?.uppercased()
      guard option == nil || option == "DRYRUN" else {
        return request.answer(.failure("ERR RELOAD takes DRYRUN or nothing"))
      }
      var isPlanTold = false
      self.reload(
        dryRun: option != nil, because: "RELOAD",
        planned: { isPlanTold = request.tell("reload-plan", $0.lines) },
        completion: { request.answer(ControlReply($0, isPlanTold: isPlanTold)) })
    }
  }
}

extension ControlReply {
  init(_ outcome: ReloadOutcome, isPlanTold: Bool) {
    switch outcome {
    case .refused(let reasons): self = .failure("INVALID nothing has changed: \(reasons.joined(separator: "; "))")
    case .planned(let plan), .unchanged(let plan): self = .text(plan.lines)
    case .done(let report): self = .text(isPlanTold ? report.results : report.lines)
    case .waiting(_, let why):
      self = .failure("WAITING not in force yet, and what was in force goes on: \(why)")
    case .superseded: self = .failure("SUPERSEDED another reload has come in its place before it was in force")
    case .abandoned: self = .failure("ABANDONED redis-amb is shutting down")
    }
  }
}
