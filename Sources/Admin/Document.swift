/// A tree of plain values: what JSON and RESP can both say.
public enum Document: Sendable, Equatable {
  case null
  case boolean(Bool)
  case integer(Int)
  case number(Double)
  case text(String)
  case list([Document])
  /// In the order in which it is read.
  case map([Entry])

  public struct Entry: Sendable, Equatable {
    public var key: String
    public var value: Document

    public init(_ key: String, _ value: Document) {
      self.key = key
      self.value = value
    }
  }

  /// The value of a key; nothing when this is no map or has no such key.
  public subscript(key: String) -> Document? {
    guard case .map(let entries) = self else { return nil }
    return entries.first { $0.key == key }?.value
  }

  public var elements: [Document] { if case .list(let elements) = self { elements } else { [] } }

  public var text: String? { if case .text(let text) = self { text } else { nil } }

  public var integer: Int? { if case .integer(let number) = self { number } else { nil } }

  public var number: Double? {
    switch self {
    case .number(let number): number
    case .integer(let number): Double(number)
    default: nil
    }
  }

  public var boolean: Bool? { if case .boolean(let value) = self { value } else { nil } }
}

extension Document: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByDictionaryLiteral {
  public init(stringLiteral text: String) { self = .text(text) }
  public init(integerLiteral number: Int) { self = .integer(number) }
  public init(dictionaryLiteral entries: (String, Document)...) { self = .map(entries.map { Entry($0, $1) }) }

  /// The value, or null for none.
  public init(_ text: String?) { self = text.map(Document.text) ?? .null }
  public init(_ number: Int?) { self = number.map(Document.integer) ?? .null }
  public init(_ number: Double?) { self = number.map(Document.number) ?? .null }
}
