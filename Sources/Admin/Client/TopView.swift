/// What `redis-amb top` shows: a document of `STATUS MAP` as lines that fit a terminal. Pure.
public enum TopView {
  /// - Parameters:
  ///   - status: what `STATUS MAP` has answered.
  ///   - width: columns of the terminal.
  ///   - height: lines of it; no more are given back.
  ///   - note: something to say in the last line.
  public static func render(_ status: Document, width: Int, height: Int, note: String = "") -> [String] {
    var lines: [String] = []
    let state = status["state"]?.text ?? "?"
    lines.append(
      "redis-amb \(status["version"]?.text ?? "?")  up \(Wording.time(status["uptime"]?.number ?? 0))  "
        + "\(state == "ok" ? "ok" : state.uppercased())  \(trouble(status))")
    let requests = status["requests"]
    let memory = status["memory"]
    lines.append(
      "requests \(Wording.rate(requests?["per_second"]?.number ?? 0))/s   "
        + "clients \(integer(status["clients"], "connected"))   upstreams \(integer(status["upstreams"], "open")) "
        + "(\(integer(status["upstreams"], "lent")) lent)   memory \(Wording.size(memory?["resident"]?.integer ?? 0))")
    let holds = status["holds"]
    var held = "holds    \(holds?["clients"]?.integer ?? 0) clients, \(Wording.size(holds?["bytes"]?.integer ?? 0))"
    if let missed = holds?["primary_missed_for"]?.number { held += ", no primary for \(Wording.time(missed))" }
    if let pause = status["pause"], let since = pause["since"]?.number {
      held += ", PAUSED for \(Wording.time(since))"
      if let end = pause["ends_in"]?.number { held += ", ends in \(Wording.time(end))" }
    }
    lines.append(held)
    lines.append("")
    lines += nodes(status, width: width)
    lines.append("")
    lines += reasons(status, width: width)
    let events = status["counters"]
    lines.append(
      "events   \(integer(events, "held")) held, \(integer(events, "taken_back")) taken back, "
        + "\(integer(events, "reads_asked_again")) asked again, \(integer(events, "unknown_fates")) unknown, "
        + "\(integer(events, "slow_requests")) slow")
    let keys = note.isEmpty ? "q quits" : "q quits   \(note)"
    let kept = lines.prefix(max(0, height - 1)).map { fit($0, width) }
    return height > 0 ? kept + [fit(keys, width)] : []
  }

  private static func integer(_ document: Document?, _ key: String) -> Int { document?[key]?.integer ?? 0 }

  /// What is wrong, in a few words.
  private static func trouble(_ status: Document) -> String {
    let stalled = status["workers"]?.elements.filter { $0["answered"]?.boolean == false }.count ?? 0
    if stalled > 0 { return "\(stalled) threads do not answer" }
    let sentinels = status["topology"]?["sentinels"]?.elements ?? []
    guard status["topology"]?["primary"]?.text == nil else {
      let isAlone = !sentinels.isEmpty && sentinels.allSatisfy { $0["lost"]?.text != nil }
      return isAlone ? "no sentinel answers" : ""
    }
    return status["topology"]?["primary_absence"]?.text ?? ""
  }

  private static func nodes(_ status: Document, width: Int) -> [String] {
    let rows = (status["nodes"]?.elements ?? []).map { node -> [String] in
      func latency(_ key: String) -> String { node[key]?.number.map(Wording.latency) ?? "-" }
      func rate(_ kind: String) -> String {
        Wording.rate(node["classes"]?[kind]?["per_second"]?.number ?? 0)
      }
      let isPrimary = node["role"]?.text == "primary"
      return [
        node["name"]?.text ?? "?", node["role"]?.text ?? "?", node["health"]?.text ?? "?",
        isPrimary ? "-" : node["lag_bytes"]?.integer.map(Wording.size) ?? "?", rate("read"), rate("write"),
        rate("session"), latency("p50"), latency("p99"), "\(node["in_flight"]?.integer ?? 0)",
      ]
    }
    let lines = Table.render(wideHead, rows)
    guard let longest = lines.map(\.count).max(), longest > width else { return lines }
    // First the head gives way, then the names: the figures are what is looked for.
    let narrow = Table.render(narrowHead, rows)
    let name = rows.map { $0[0].count }.max() ?? 0
    let excess = (narrow.map(\.count).max() ?? 0) - width
    guard excess > 0, name > 12 else { return narrow }
    let room = max(12, name - excess)
    return Table.render(
      narrowHead, rows.map { row in [row[0].count > room ? "~" + row[0].suffix(room - 1) : row[0]] + row.dropFirst() })
  }

  private static let wideHead = [
    "NODE", "ROLE", "HEALTH", "LAG", "READ/s", "WRITE/s", "SESS/s", "P50", "P99", "FLIGHT",
  ]
  private static let narrowHead = ["NODE", "ROLE", "HEALTH", "LAG", "READ", "WRITE", "SESS", "P50", "P99", "FLT"]

  /// The reasons of routing with their shares, as many lines as they need.
  private static func reasons(_ status: Document, width: Int) -> [String] {
    guard case .map(let entries) = status["routing"] else { return [] }
    let total = entries.reduce(0) { $0 + ($1.value.integer ?? 0) }
    let shown = entries.filter { ($0.value.integer ?? 0) > 0 }
      .sorted { ($0.value.integer ?? 0) > ($1.value.integer ?? 0) }
      .map { "\($0.key) \(Wording.share(Double($0.value.integer ?? 0) / Double(max(1, total))))" }
    var lines: [String] = []
    for word in shown {
      if let last = lines.last, last.count + 2 + word.count <= width {
        lines[lines.count - 1] = last + ", " + word
      } else {
        lines.append((lines.isEmpty ? "routed   " : "         ") + word)
      }
    }
    return lines.isEmpty ? ["routed   nothing yet"] : lines
  }

  private static func fit(_ line: String, _ width: Int) -> String {
    // What comes from elsewhere must not steer the terminal.
    let plain = String(
      String.UnicodeScalarView(line.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "?" : $0 }))
    return plain.count <= width ? plain : String(plain.prefix(max(0, width)))
  }
}
