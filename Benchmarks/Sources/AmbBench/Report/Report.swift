import Glibc

/// What is printed: to standard output as it is known, progress to standard error.
final class Report {
  private let isMarkdown: Bool
  private(set) var bars: [Bar] = []

  init(isMarkdown: Bool) { self.isMarkdown = isMarkdown }

  func heading(_ text: String) {
    write(isMarkdown ? "\n### \(text)\n\n" : "\n\(text)\n\(String(repeating: "=", count: text.count))\n\n")
  }

  func paragraph(_ text: String) { write(text + "\n\n") }

  func table(_ table: Table) { write((isMarkdown ? table.markdown() : table.text()) + "\n\n") }

  func facts(_ lines: [(String, String)]) {
    let width = lines.map(\.0.count).max() ?? 0
    for (name, value) in lines {
      write(
        isMarkdown
          ? "- \(name): \(value)\n" : "  \(name)\(String(repeating: " ", count: width - name.count))  \(value)\n")
    }
    write("\n")
  }

  func add(_ bars: [Bar]) { self.bars += bars }

  /// All bars at once, last, so that the end of the output is the verdict.
  func verdict() {
    guard !bars.isEmpty else { return }
    heading("Bars for redis-amb")
    var table = Table(headings: ["bar", "measured", "limit", "verdict"], textColumns: [0, 3])
    for bar in bars { table.add(bar.title, bar.measured, bar.limit, bar.verdict.rawValue) }
    self.table(table)
    let failed = bars.count { $0.verdict == .fail }
    let missing = bars.count { $0.verdict == .notMeasured }
    let passed = bars.count { $0.verdict == .pass }
    paragraph("\(passed) passed, \(failed) failed, \(missing) not measured.")
  }

  var hasFailures: Bool { bars.contains { $0.verdict == .fail } }

  static func progress(_ text: String) { write(text + "\n", to: 2) }

  private func write(_ text: String) { Self.write(text, to: 1) }

  private static func write(_ text: String, to descriptor: Int32) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress!, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return }
      bytes = bytes.dropFirst(count)
    }
  }
}
