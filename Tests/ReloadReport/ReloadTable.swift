import Laboratory

/// Findings as a table, and the sentences under it.
enum ReloadTable {
  static func lines(_ findings: ReloadFindings) -> [String] {
    var lines = ["| reload | in force after | requests/s | slowest reply |", "|---|---:|---:|---:|"]
    func add(_ title: String, _ inForceAfter: String, _ rate: Double, _ slowest: Double) {
      lines.append("| \(title) | \(inForceAfter) | \(thousands(rate)) | \(milliseconds(slowest)) |")
    }
    for step in findings.steps { add(step.title, milliseconds(step.inForceAfter), step.rate, step.slowest) }
    guard let storm = findings.storm else { return lines + ["", total(findings)] }
    let title =
      "ten a second for \(Int(storm.seconds.rounded())) s: \(storm.asked) changes of the file, "
      + "\(storm.inForce) times another configuration in force"
    add(title, "–", storm.rate, storm.slowest)
    lines += ["", total(findings)]
    let (memory, descriptors) = (sizes(storm.memory), counts(storm.descriptors))
    lines.append("Memory before the storm, at the most, after it: \(memory) MiB; open files: \(descriptors).")
    return lines
  }

  private static func total(_ findings: ReloadFindings) -> String {
    """
    Of \(findings.requests) requests in all \(findings.errors.values.reduce(0, +)) were refused, \
    \(findings.connectionsLost) connections were lost, \(findings.wrong.count) replies were not the one to what was asked; \
    of \(findings.acknowledged) unique values \(findings.missing.count) were not where they belong, \
    \(findings.transactions) of them by transactions with WATCH; of \(findings.queued) elements of a queue \
    \(findings.queueErrors.isEmpty ? 0 : 1) were lost or came twice.
    """
  }

  private static func milliseconds(_ seconds: Double) -> String { "\(Int((seconds * 1000).rounded())) ms" }

  private static func thousands(_ rate: Double) -> String {
    let (whole, rest) = Int(rate.rounded()).quotientAndRemainder(dividingBy: 1000)
    return whole == 0 ? "\(rest)" : "\(whole),\(String(repeating: "0", count: 3 - "\(rest)".count))\(rest)"
  }

  private static func sizes(_ bytes: (before: Int, peak: Int, after: Int)) -> String {
    [bytes.before, bytes.peak, bytes.after].map { "\(($0 + (1 << 19)) >> 20)" }.joined(separator: ", ")
  }

  private static func counts(_ counts: (before: Int, peak: Int, after: Int)) -> String {
    "\(counts.before), \(counts.peak), \(counts.after)"
  }
}
