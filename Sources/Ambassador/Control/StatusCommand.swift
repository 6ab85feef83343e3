import Admin

extension Ambassador {
  var statusCommand: ControlCommand {
    ControlCommand(
      "STATUS", "[JSON|MAP]", count: 0...1, summary: "say how the ambassador, its nodes and its clients are",
      details: [
        "Rates and latencies are of the last seconds, everything else counts from the start.",
        "Latencies are those of nodes as seen from here, by sampling; p99 of few requests says little.",
        "JSON gives all of it on one line; MAP the same as a tree of replies.",
      ]
    ) { [unowned self] request in
      let form = request.arguments.first?.uppercased()
      guard form == nil || form == "JSON" || form == "MAP" else {
        return request.answer(.failure("ERR STATUS takes JSON, MAP or nothing"))
      }
      self.desk?.status { status in
        switch form {
        case "JSON": request.answer(.bulk(status.document.json))
        case "MAP": request.answer(.document(status.document))
        default: request.answer(.text(status.lines))
        }
      }
    }
  }

  /// For whoever takes this for a Redis.
  var infoCommand: ControlCommand {
    ControlCommand("INFO", "...", count: 0...100, summary: "the same as STATUS, as one text", isHidden: true) {
      [unowned self] request in
      self.desk?.status { request.answer(.bulk($0.lines.joined(separator: "\r\n") + "\r\n")) }
    }
  }
}
