import RESP

extension Document {
  /// Appends it as a reply. RESP2 has no numbers with a fraction (they are texts), no booleans (0 and 1) and no maps
  /// (keys and values in turn).
  public func append(to output: inout [UInt8], _ version: RESPVersion) {
    switch self {
    case .null: ReplyWriter.appendNull(version, to: &output)
    case .boolean(let value):
      if version == .three {
        output += Array((value ? "#t\r\n" : "#f\r\n").utf8)
      } else {
        ReplyWriter.appendInteger(value ? 1 : 0, to: &output)
      }
    case .integer(let number): ReplyWriter.appendInteger(number, to: &output)
    case .number(let number):
      let text = number.isFinite ? Self.plain(number) : "0"
      if version == .three { output += Array(",\(text)\r\n".utf8) } else { ReplyWriter.appendBulk(text, to: &output) }
    case .text(let text): ReplyWriter.appendBulk(text, to: &output)
    case .list(let elements):
      ReplyWriter.appendArrayHeader(count: elements.count, to: &output)
      for element in elements { element.append(to: &output, version) }
    case .map(let entries):
      ReplyWriter.appendMapHeader(count: entries.count, version, to: &output)
      for entry in entries {
        ReplyWriter.appendBulk(entry.key, to: &output)
        entry.value.append(to: &output, version)
      }
    }
  }
}
