/// Rows under headings; the first column is text, the others are figures.
struct Table {
  var headings: [String]
  var rows: [[String]] = []
  /// Columns that are words, besides the first.
  var textColumns: Set<Int> = [0]

  mutating func add(_ cells: String...) { rows.append(cells) }

  func text() -> String {
    let widths = columnWidths()
    func line(_ cells: [String]) -> String {
      let padded = cells.enumerated().map { index, cell in
        let space = String(repeating: " ", count: widths[index] - cell.count)
        return textColumns.contains(index) ? cell + space : space + cell
      }
      var line = "  " + padded.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line
    }
    let rule = widths.map { String(repeating: "-", count: $0) }
    return ([line(headings), line(rule)] + rows.map(line)).joined(separator: "\n")
  }

  func markdown() -> String {
    func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
    let rule = headings.indices.map { textColumns.contains($0) ? "---" : "---:" }
    return ([line(headings), "|" + rule.joined(separator: "|") + "|"] + rows.map(line)).joined(separator: "\n")
  }

  private func columnWidths() -> [Int] {
    headings.indices.map { column in
      ([headings] + rows).map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
  }
}
