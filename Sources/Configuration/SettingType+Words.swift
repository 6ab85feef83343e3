extension SettingType where Value == String {
  static var string: SettingType {
    .scalar("a text of at most 512 bytes") { text throws(Misfit) in
      guard text.utf8.count <= 512 else { throw .plain }
      return text
    } text: {
      $0
    }
  }

  /// Kept as written; nobody looks whether the file is there until it is read.
  static var path: SettingType {
    .scalar("the path of a file") { text throws(Misfit) in
      guard text.utf8.count < 4096 else { throw .plain }
      return try wholePath(text)
    } text: {
      $0
    }
  }

  static func wholePath(_ text: String) throws(Misfit) -> String {
    if text.hasPrefix("~") { throw Misfit(hint: "~ is not expanded: write the whole path") }
    return text
  }
}

extension SettingType where Value == Bool {
  static var boolean: SettingType {
    .scalar("true or false", arity: .toggle) { text throws(Misfit) in
      switch text {
      case "true": return true
      case "false": return false
      default: throw Misfit(hint: Spelling.didYouMean(Self.synonyms[text.lowercased()]))
      }
    } text: {
      $0 ? "true" : "false"
    }
  }

  private static var synonyms: [String: String] {
    [
      "true": "true", "yes": "true", "on": "true", "1": "true",
      "false": "false", "no": "false", "off": "false", "0": "false",
    ]
  }
}

extension SettingType where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
  /// One of the cases of an enum, by its raw value.
  static func word(_: Value.Type) -> SettingType {
    let words = Value.allCases.map(\.rawValue)
    return .scalar(enumeration(words)) { text throws(Misfit) in
      guard let value = Value(rawValue: text) else {
        throw Misfit(hint: Spelling.didYouMean(Spelling.closest(to: text.lowercased(), among: words)))
      }
      return value
    } text: {
      $0.rawValue
    }
  }
}

/// `a, b or c`
func enumeration(_ words: [String]) -> String {
  guard let last = words.last, words.count > 1 else { return words.first ?? "" }
  return words.dropLast().joined(separator: ", ") + " or " + last
}
