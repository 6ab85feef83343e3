/// A value that its type will not have.
struct Rejection {
  let source: ConfigurationSource
  let found: String
  var expected: String
  let hint: String?

  init(at source: ConfigurationSource, found: String, expected: String, hint: String? = nil) {
    self.source = source
    self.found = found
    self.expected = expected
    self.hint = hint
  }

  init(_ raw: RawValue, expected: String, hint: String? = nil) {
    self.init(at: raw.source, found: raw.summary, expected: expected, hint: hint)
  }
}
