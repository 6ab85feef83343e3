import Admin
import Proxy

extension Ambassador {
  var slowLogCommand: ControlCommand {
    ControlCommand(
      "SLOWLOG", "[COUNT|RESET]", count: 0...1, summary: "list the latest slow requests, newest first",
      details: [
        "A request is in it when its node was silent for 10 ms or more while it was the one to be answered: the node's",
        "time and the network's, also when the node was busy with somebody else's. Blocking commands are not in it.",
        "Each thread keeps the last 64, at most one in 10 ms. Values are never kept, nor keys but the first.",
      ]
    ) { [unowned self] request in
      let isReset = request.arguments.first?.uppercased() == "RESET"
      guard isReset || request.arguments.isEmpty || Int(request.arguments[0]).map({ $0 > 0 }) == true else {
        return request.answer(.failure("ERR SLOWLOG takes a number, RESET or nothing"))
      }
      let question: WorkerQuestion<[SlowRequest]> = isReset ? .takeSlowRequests : .slowRequests
      self.desk?.survey.ask(question) { answers in
        if isReset { return request.answer(.status("OK")) }
        let slow = answers.flatMap { $0 ?? [] }.sorted { $0.at > $1.at }.prefix(
          Int(request.arguments.first ?? "") ?? 64)
        guard !slow.isEmpty else { return request.answer(.text(["nothing was slow"])) }
        request.answer(
          .text(
            Table.render(
              ["when", "took", "node", "class", "client", "request"],
              slow.map { entry in
                [
                  LogLine.timestamp(entry.at), Wording.latency(entry.took), entry.node.description,
                  entry.kind.rawValue, "\(entry.client)", entry.outline,
                ]
              })))
      }
    }
  }
}
