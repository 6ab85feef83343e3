/// The lines `field:value` of a reply to `INFO`. Of a field that comes twice the last counts, as in a text that was cut
/// and appended to.
public struct InfoText: Sendable {
  private var values: [Substring: Substring] = [:]

  public init(_ text: String) {
    for line in text.split(whereSeparator: \.isNewline) {
      guard let colon = line.firstIndex(of: ":") else { continue }
      values[line[..<colon]] = line[line.index(after: colon)...]
    }
  }

  public subscript(field: Substring) -> Substring? { values[field] }
}
