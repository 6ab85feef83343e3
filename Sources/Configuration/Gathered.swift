/// What one source gave.
struct Gathered {
  /// By the setting's key.
  var values: [String: RawValue] = [:]
  var errors: [ConfigurationError] = []
  /// Nothing is known of what the source would have set.
  var isUnreadable = false

  /// A name that is no setting's. Outside of the file it is written in another form, and the source says it already.
  mutating func reject(
    _ name: String, at source: ConfigurationSource, form: ((String) -> String)? = nil,
    hint: @autoclosure () -> String?
  ) {
    // Looking for what was meant is work; past the errors that are shown nobody reads it.
    let hint = errors.count < ConfigurationErrors.shown ? hint() : nil
    errors.append(ConfigurationError(source, key: form == nil ? name : nil, .unknown, hint: hint))
  }
}
