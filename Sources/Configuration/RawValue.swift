/// A value as some source gave it, before any type looked at it.
struct RawValue {
  enum Content {
    case nothing
    case text(String)
    case list([RawValue])
    case map([Entry])
  }

  struct Entry {
    let key: String
    /// Where the key stands.
    let source: ConfigurationSource
    let value: RawValue
  }

  let content: Content
  let source: ConfigurationSource

  /// Nothing was written: no value, `~`, `null`, an empty text.
  var isNothing: Bool {
    switch content {
    case .nothing: true
    case .text(let text): text.isEmpty
    case .list, .map: false
    }
  }

  /// Continues "found ...".
  var summary: String {
    switch content {
    case .nothing: "nothing"
    case .text(let text): text.isEmpty ? "nothing" : quoted(text)
    case .list(let items): items.isEmpty ? "an empty list" : "a list"
    case .map: "a map"
    }
  }
}
