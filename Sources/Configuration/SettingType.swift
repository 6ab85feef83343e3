/// How the values of a setting are read and written.
struct SettingType<Value: Sendable & Equatable>: Sendable {
  let arity: Setting.Arity
  /// Continues "expected ...".
  let expected: String
  /// The value, or nil and at least one rejection.
  let decode: @Sendable (RawValue, inout [Rejection]) -> Value?
  /// As YAML.
  let render: @Sendable (Value) -> String
}

/// Why a text is not a value of a type: what would help, when there is more to say than what was expected.
struct Misfit: Error {
  var hint: String?

  static let plain = Misfit(hint: nil)
}

extension SettingType {
  /// A type whose values are single texts.
  static func scalar(
    _ expected: String, arity: Setting.Arity = .one, parse: @escaping @Sendable (String) throws(Misfit) -> Value,
    text: @escaping @Sendable (Value) -> String
  ) -> SettingType {
    SettingType(
      arity: arity, expected: expected,
      decode: { raw, rejections in
        guard case .text(let found) = raw.content, !found.isEmpty else {
          rejections.append(Rejection(raw, expected: expected))
          return nil
        }
        guard !found.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
          rejections.append(Rejection(raw, expected: expected, hint: "control characters are not allowed"))
          return nil
        }
        do throws(Misfit) {
          return try parse(found)
        } catch {
          rejections.append(Rejection(raw, expected: expected, hint: error.hint))
          return nil
        }
      },
      render: { YAML.scalar(text($0)) })
  }

  /// The same, or nothing at all: `key:` with no value, `~`, `null`, an empty variable.
  static func optional<Wrapped>(_ base: SettingType<Wrapped>) -> SettingType where Value == Wrapped? {
    SettingType(
      arity: base.arity, expected: base.expected,
      decode: { raw, rejections in raw.isNothing ? .some(nil) : base.decode(raw, &rejections).map { $0 } },
      render: { $0.map(base.render) ?? "" })
  }

  /// The same, or the word `off`, which is nil.
  static func orOff<Wrapped>(_ base: SettingType<Wrapped>) -> SettingType where Value == Wrapped? {
    or("off", base)
  }

  /// The same, or the word `none`, which is nil.
  static func orNone<Wrapped>(_ base: SettingType<Wrapped>) -> SettingType where Value == Wrapped? {
    or("none", base)
  }

  private static func or<Wrapped>(_ word: String, _ base: SettingType<Wrapped>) -> SettingType
  where Value == Wrapped? {
    let expected = "\(base.expected), or \(word)"
    return SettingType(
      arity: base.arity, expected: expected,
      decode: { raw, rejections in
        if case .text(word) = raw.content { return .some(nil) }
        let before = rejections.count
        let value = base.decode(raw, &rejections)
        for index in before..<rejections.count { rejections[index].expected = expected }
        return value.map { $0 }
      },
      render: { $0.map(base.render) ?? word })
  }

  /// Any number of the same, all different. Every bad element is rejected where it stands.
  static func list<Element: CustomStringConvertible>(
    _ base: SettingType<Element>, atLeast: Int = 0
  ) -> SettingType where Value == [Element] {
    list(base, atLeast: atLeast) { $0.description }
  }

  /// The same, or a single one without brackets.
  static func oneOrMore<Element: CustomStringConvertible>(_ base: SettingType<Element>) -> SettingType
  where Value == [Element] {
    let many = list(base)
    let expected = "\(base.expected), or a list of such"
    return SettingType(
      arity: .many, expected: expected,
      decode: { raw, rejections in
        if case .text(let text) = raw.content, !text.isEmpty { return base.decode(raw, &rejections).map { [$0] } }
        let before = rejections.count
        let value = many.decode(raw, &rejections)
        for index in before..<rejections.count where rejections[index].expected == many.expected {
          rejections[index].expected = expected
        }
        return value
      },
      render: many.render)
  }

  /// The same, where elements are different when what `name` calls them is.
  static func list<Element>(
    _ base: SettingType<Element>, atLeast: Int = 0, by name: @escaping @Sendable (Element) -> String
  ) -> SettingType where Value == [Element] {
    let expected = "a list, each \(base.expected)"
    return SettingType(
      arity: .many, expected: expected,
      decode: { raw, rejections in
        if raw.isNothing, atLeast == 0 { return [] }
        guard case .list(let items) = raw.content, items.count >= atLeast else {
          var hint: String?
          if case .text(let text) = raw.content, !text.isEmpty { hint = "write [\(quotable(text))]" }
          rejections.append(Rejection(raw, expected: expected, hint: hint))
          return nil
        }
        var elements: [Element] = []
        var seen: Set<String> = []
        for item in items {
          guard let element = base.decode(item, &rejections) else { continue }
          if !seen.insert(name(element)).inserted {
            rejections.append(Rejection(at: item.source, found: quoted(name(element)), expected: "each only once"))
          }
          elements.append(element)
        }
        return elements
      },
      render: { "[" + $0.map(base.render).joined(separator: ", ") + "]" })
  }
}
