import Commands
import Consistency
import RESP
import Routing
import Topology

extension WorkerQuestion where Answer == [String] {
  /// Where a command would go now and why, in lines for people. Of the arguments only keys are shown, so no secret is.
  /// - Parameters:
  ///   - words: the command as a client would send it.
  ///   - rules: as which listener's client.
  public static func explain(_ words: [[UInt8]], for rules: ListenerRules) -> Self {
    WorkerQuestion { $0.explain(words, for: rules) }
  }
}

extension UnsafeMutablePointer where Pointee == Worker {
  fileprivate func explain(_ words: [[UInt8]], for rules: ListenerRules) -> [String] {
    var bytes: [UInt8] = []
    RequestWriter.append(words, to: &bytes)
    var lines: [String] = []
    bytes.withUnsafeBytes { whole in
      whole.forEachRequest { request, scanner in
        lines = explain(request, scanner, for: rules)
      }
    }
    return lines
  }

  private func explain(
    _ request: UnsafeRawBufferPointer, _ scanner: RequestScanner, for rules: ListenerRules
  ) -> [String] {
    func argument(_ span: ByteSpan) -> UnsafeRawBufferPointer {
      UnsafeRawBufferPointer(rebasing: request[span.offset..<span.end])
    }
    let table = pointee.table
    let spec = spec(of: request, scanner)
    let decision = RouteDecision.decide(
      spec: spec, policy: rules.policy, replicasFit: !pointee.fitReplicas.isEmpty)
    var lines = [decision.explain(spec, in: table)]
    if !spec.isUnknown, !spec.accepts(argumentCount: scanner.argumentCount) {
      return lines + ["with so many arguments it is an error: \(table.wrongArgumentCount(spec))"]
    }
    guard spec.handling == .forward || spec.handling == .pinned || spec.handling == .pinnedIfBlocking else {
      return lines
    }
    if case .range(let range) = spec.keyPositions(argumentCount: scanner.argumentCount) {
      let keys = range.positions.prefix(4).compactMap { place in
        RequestArguments(request).enumerated().first { $0.offset == place }.map {
          argument($0.element).quoted(atMost: 64)
        }
      }
      if !keys.isEmpty {
        lines.append("keys: \(keys.joined(separator: " "))\(range.positions.underestimatedCount > 4 ? " ..." : "")")
      }
    }
    if decision.target == .none { return lines + ["now: refused, \(ProxyRefusal.noReplica.reason)"] }
    if postpones(spec) { return lines + ["now: it waits, a client has paused writes (CLIENT PAUSE)"] }
    if decision.target == .primary { return lines + [primaryLine] }
    return lines + replicaLines(spec, request, scanner.argumentCount, rules, decision)
  }

  private var primaryLine: String {
    if pointee.isPaused { return "now: it waits, writes are paused" }
    guard let primary = pointee.primary else {
      let verb = mayHold ? "it waits for a primary" : "refused"
      return "now: \(verb), \(pointee.primaryAbsence)"
    }
    return "now: \(pointee.nodes[primary].pointee.name), the primary"
  }

  private func replicaLines(
    _ spec: CommandSpec, _ request: UnsafeRawBufferPointer, _ count: Int, _ rules: ListenerRules,
    _ decision: RouteDecision
  ) -> [String] {
    let isFenced = rules.consistency == .readYourWrites && pointee.settings.isFencing
    let need = isFenced ? pointee.ledger.lastWrite(spec, request, count) : 0
    var able: [String] = []
    var behind: [String] = []
    var mostProven: Ticket = 0
    for index in pointee.fitReplicas {
      let name = pointee.nodes[index].pointee.name.description
      // Those of database 0, RESP2 and the ambassador's own user stand for all.
      let lane = pointee.sets.first.flatMap { shared($0, index) }
      let proven = lane?.pointee.coverage.proven ?? 0
      mostProven = max(mostProven, proven)
      if need > proven { behind.append(name) } else { able.append(name) }
    }
    if decision.target == .any, let primary = pointee.primary {
      able.append(pointee.nodes[primary].pointee.name.description)
    }
    if able.isEmpty {
      let why = RouteReason.unproven(need, fenced: pointee.ledger.pointee.fenced, mostProven)
      return ["read-your-writes: \(why.words) (\(why.rawValue))", primaryLine]
    }
    var lines: [String] = []
    if isFenced {
      lines.append(
        need == 0
          ? "read-your-writes: nothing that it must see was written through this ambassador"
          : "read-your-writes: all that it must see is proven to be on \(able.joined(separator: ", "))")
    }
    if !behind.isEmpty { lines.append("not yet proven to have it: \(behind.joined(separator: ", "))") }
    lines.append("now: \(able.joined(separator: " or "))\(able.count > 1 ? ", whichever is less busy" : "")")
    return lines
  }
}
