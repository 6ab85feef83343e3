/// What somebody who mistyped a word may have meant.
enum Spelling {
  static func didYouMean(_ word: String?) -> String? { word.map { "did you mean \(quoted($0))?" } }

  /// The candidate at the smallest distance, unless it takes changing more than a third of the word. A candidate that
  /// goes on where the word stops (`upstream.password`, `upstream.password-file`) comes second best.
  static func closest(to word: String, among candidates: [String]) -> String? {
    let bytes = Array(word.utf8)
    guard (1...64).contains(bytes.count) else { return nil }
    let near = candidates.map { (word: $0, distance: distance(bytes, Array($0.utf8))) }
      .min { $0.distance < $1.distance }
    if let near, near.distance <= max(1, min(3, max(bytes.count, near.word.utf8.count) / 3)) { return near.word }
    return candidates.first { $0.hasPrefix(word + "-") || $0.hasPrefix(word + ".") }
  }

  /// For a dotted key: a neighbour under the same section first, then the same last word under another section, then
  /// the whole key.
  static func closestKey(to key: String, among keys: [String]) -> String? {
    let (section, name) = splitKey(key)
    let neighbours = keys.filter { splitKey($0).section == section }
    if let near = closest(to: name, among: neighbours.map { splitKey($0).name }) {
      return section.isEmpty ? near : "\(section).\(near)"
    }
    if let moved = keys.first(where: { splitKey($0).name == name }) { return moved }
    return section.isEmpty ? nil : closest(to: key, among: keys)
  }

  private static func splitKey(_ key: String) -> (section: String, name: String) {
    guard let dot = key.lastIndex(of: ".") else { return ("", key) }
    return (String(key[..<dot]), String(key[key.index(after: dot)...]))
  }

  /// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
  static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...b.count)
    for i in 0..<a.count {
      var row = [i + 1]
      for j in 0..<b.count {
        var best = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, beforeLast[j - 1] + 1) }
        row.append(best)
      }
      beforeLast = last
      last = row
    }
    return last[b.count]
  }
}
