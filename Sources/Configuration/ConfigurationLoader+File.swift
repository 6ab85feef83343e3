extension ConfigurationLoader {
  static func gather(file path: String) -> Gathered {
    do {
      return gather(yaml: try FileBytes.read(path, limit: fileLimit), path: path)
    } catch {
      var gathered = Gathered()
      gathered.isUnreadable = true
      gathered.errors = [ConfigurationError(.wholeFile(path), .malformed(error.description))]
      return gathered
    }
  }

  static func gather(yaml bytes: [UInt8], path: String) -> Gathered {
    var gathered = Gathered()
    let (root, errors) = YAML.parse(bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes[3...]) : bytes, path: path)
    gathered.errors = errors
    switch root?.content {
    case .map(let entries): gathered.walk(entries, under: [])
    case .list, .text:
      let found = root.map { "found \($0.summary), " } ?? ""
      let place = root?.source ?? .wholeFile(path)
      gathered.isUnreadable = true
      gathered.errors.append(ConfigurationError(place, .malformed(found + "expected settings, such as \"threads: 1\"")))
    case .nothing, nil:
      gathered.isUnreadable = true
      // An empty file is a mount that failed or a write that was cut short more often than a wish for the defaults.
      if errors.isEmpty {
        gathered.errors = [ConfigurationError(.wholeFile(path), .malformed("holds no settings"))]
      }
    }
    return gathered
  }
}

extension Gathered {
  /// A map of the file is a section, or the value of a setting; which of them the declaration knows.
  fileprivate mutating func walk(_ entries: [RawValue.Entry], under path: [String]) {
    for entry in entries {
      let path = path + [entry.key]
      let key = path.joined(separator: ".")
      // A key with a dot in it is one word to YAML, and never a way into a section.
      let isWord = !entry.key.contains(".")
      if isWord, Setting.all.contains(where: { $0.key == key }) {
        values[key] = entry.value
      } else if isWord, Setting.all.contains(where: { $0.key.hasPrefix(key + ".") }) {
        section(entry.value, at: path)
      } else {
        reject(key, at: entry.source, hint: isWord ? Self.suggestion(for: key) : Self.nesting(of: key))
      }
    }
  }

  private mutating func section(_ value: RawValue, at path: [String]) {
    switch value.content {
    case .map(let entries): walk(entries, under: path)
    case .nothing: break
    case .text, .list:
      let key = path.joined(separator: ".")
      let names = Setting.all.map(\.key).filter { $0.hasPrefix(key + ".") }.map { $0.dropFirst(key.count + 1) }
      let expected = "a section of " + names.joined(separator: ", ")
      errors.append(ConfigurationError(value.source, key: key, .value(found: value.summary, expected: expected)))
    }
  }

  /// Settings and sections alike: either may be misspelt.
  private static func suggestion(for key: String) -> String? {
    var names = Setting.all.map(\.key)
    var seen = Set(names)
    for key in names {
      let parts = key.split(separator: ".")
      for length in 1..<parts.count {
        let section = parts[..<length].joined(separator: ".")
        if seen.insert(section).inserted { names.append(section) }
      }
    }
    return Spelling.didYouMean(Spelling.closestKey(to: key, among: names))
  }

  private static func nesting(of key: String) -> String? {
    guard Setting.all.contains(where: { $0.key == key }), let dot = key.lastIndex(of: ".") else { return nil }
    return "in the file, write \(quoted(String(key[key.index(after: dot)...]))) under \(quoted(String(key[..<dot])))"
  }
}
