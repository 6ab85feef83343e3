import Laboratory

/// Findings as text and as a table.
enum Report {
  static let head = """
    | fault | errors | connections lost | unknown writes | acknowledged writes missing | wrong replies | longest gap: writes / reads | writes go on after the new primary can take them |
    |---|---:|---:|---:|---:|---:|---:|---:|
    """

  static func row(_ findings: Findings) -> String {
    let missing = "\(findings.missing) of \(findings.acknowledged)"
    return
      "| \(findings.title) | \(findings.errorCount) | \(findings.connectionsLost) | \(findings.unknown.count) | \(missing) "
      + "| \(findings.wrong.count) | \(milliseconds(findings.writeGap.length)) / "
      + "\(milliseconds(findings.readGap.length)) | \(findings.resumed.map(milliseconds) ?? "–") |"
  }

  static func lines(_ findings: Findings) -> String {
    var lines = ["\(findings.title):"]
    lines.append(
      "  \(findings.acknowledged) acknowledged, \(findings.unknown.count) unknown, \(findings.missing) missing"
        + (findings.lastMissing.map { " (the last acknowledged \(milliseconds($0)) after the fault)" } ?? ""))
    lines.append(
      "  gaps: writes \(milliseconds(findings.writeGap.length)), reads \(milliseconds(findings.readGap.length)); "
        + "after the promotion \(findings.resumed.map(milliseconds) ?? "–")")
    for text in findings.unknown { lines.append("  unknown: \(text)") }
    if findings.errorCount > 0 {
      lines.append("  errors: \(Findings.list(findings.errors)) \(Findings.list(findings.readErrors))")
    }
    return lines.joined(separator: "\n")
  }

  private static func milliseconds(_ seconds: Double) -> String { "\(Int((seconds * 1000).rounded())) ms" }
}
