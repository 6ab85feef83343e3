import Admin
import Configuration
import Proxy
import Routing

extension Ambassador {
  var explainCommand: ControlCommand {
    ControlCommand(
      "EXPLAIN", "COMMAND [ARGUMENT...]", count: 1...1000, summary: "say where a command would go now, and why",
      details: [
        "Nothing is sent to a node. Give the whole command: EXPLAIN GET user:1. Arguments other than keys are not shown.",
        "It is judged as the only command of a client: one that comes behind unanswered others may have to go with them.",
        "An address of listen with rules of its own has a section of its own.",
      ]
    ) { [unowned self] request in
      let words = request.bytes
      var listeners: [(name: String, rules: ListenerRules)] = []
      for (address, listener) in zip(self.listeners.addresses, self.configuration.listen) {
        let rules = ListenerRules(of: listener, in: self.configuration.reads)
        if listeners.contains(where: { $0.rules == rules }) { continue }
        listeners.append(("\(address)\(listener.difference)", rules))
      }
      self.explain(words, listeners[...], []) { request.answer(.text($0)) }
    }
  }

  private func explain(
    _ words: [[UInt8]], _ listeners: ArraySlice<(name: String, rules: ListenerRules)>, _ lines: [String],
    _ then: @escaping ([String]) -> Void
  ) {
    guard let listener = listeners.first else { return then(lines) }
    desk?.survey.ask(.explain(words, for: listener.rules), worker: 0) { [unowned self] answer in
      let found = answer ?? ["the thread that knows does not answer"]
      let isOnly = listeners.count == 1 && lines.isEmpty
      let section = isOnly ? found : ["through \(listener.name):"] + found.map { "  " + $0 }
      self.explain(words, listeners.dropFirst(), lines + section, then)
    }
  }
}
