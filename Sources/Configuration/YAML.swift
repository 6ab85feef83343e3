import CYAML

/// YAML as configurations need it: maps, lists and texts, with the place of each. Anchors, aliases, tags and second
/// documents are refused in words: they can make one file mean more than the person who reads it sees.
enum YAML {
  /// Sections are two deep; what nests deeper than this is no configuration, and recursion stays shallow.
  static let maximumDepth = 16

  /// The root, nil when there is none; and everything to complain about that is about the text and not its meaning.
  static func parse(_ bytes: [UInt8], path: String) -> (root: RawValue?, errors: [ConfigurationError]) {
    do {
      try checkText(bytes, path: path)
    } catch {
      return (nil, [error])
    }
    return bytes.withUnsafeBufferPointer { buffer in
      var reader = YAMLReader(buffer, path: path)
      do throws(ConfigurationError) {
        let root = try reader.document()
        return (root, reader.duplicates)
      } catch {
        return (nil, reader.duplicates + [error])
      }
    }
  }

  /// A text as a value that reads back as itself, inside a list too.
  static func scalar(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "/"),
        UInt8(ascii: "-"), UInt8(ascii: ":"):
        true
      default: false
      }
    }
    let isSafe = isPlain && text.first != "-" && text.first != ":" && text.last != ":" && !nulls.contains(text)
    if isSafe, !text.isEmpty { return text }
    return "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }

  static let nulls: Set<String> = ["~", "null", "Null", "NULL"]

  /// What libyaml would report by byte offset, or not at all, is found here with line and column.
  private static func checkText(_ bytes: [UInt8], path: String) throws(ConfigurationError) {
    var problem: (offset: Int, reason: String)?
    do {
      _ = try UTF8Span(validating: bytes.span)
    } catch {
      let offset = error.byteOffsets.lowerBound
      problem = (offset, "byte 0x\(String(bytes[offset], radix: 16, uppercase: true)) is not UTF-8")
    }
    let control = bytes.firstIndex { ($0 < 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D) || $0 == 0x7F }
    if let control, control < problem?.offset ?? .max {
      problem = (control, "control character 0x\(String(bytes[control], radix: 16, uppercase: true)) is not allowed")
    }
    if let problem { throw ConfigurationError(place(bytes[..<problem.offset], path: path), .malformed(problem.reason)) }
  }

  /// The place right behind some text that is valid.
  static func place(_ before: ArraySlice<UInt8>, path: String) -> ConfigurationSource {
    let newline = UInt8(ascii: "\n")
    let line = before.split(separator: newline, omittingEmptySubsequences: false).last ?? []
    return .file(
      path, line: before.count { $0 == newline } + 1,
      column: String(decoding: line, as: UTF8.self).unicodeScalars.count + 1)
  }
}
