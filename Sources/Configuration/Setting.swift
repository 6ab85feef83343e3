/// One row of the declaration. Parsing, errors, the annotated sample, the reference, the names of the environment
/// variable and of the flag are all readings of it.
///
/// The generic initialisers tie the row to its field by key path, so a type that does not fit the field does not
/// compile; past them the row is the same plain type for every setting.
public struct Setting: Sendable {
  /// When a change takes effect.
  public enum Reload: Sendable {
    case live, restart
  }

  /// How many values it takes, which decides how flags and environment variables are read.
  public enum Arity: Sendable {
    case one
    /// A list in the file; separated by commas, or the flag repeated, elsewhere.
    case many
    /// A boolean, whose flag needs no value.
    case toggle
  }

  /// Dotted, as the file nests it: `upstream.timeout`.
  public let key: String
  /// A shorter flag beside the one made of the key, without the dashes.
  public let alias: String?
  public let reload: Reload
  /// Never shown: not in errors, not in the effective configuration.
  public let isSecret: Bool
  /// There is no default: it must be given.
  public let isRequired: Bool
  public let arity: Arity
  /// What a value looks like, in words that continue "expected ...".
  public let expected: String
  public let help: String

  /// Puts the default there, or the example where a value is required.
  let fill: @Sendable (inout AmbassadorConfiguration) -> Void
  /// Reads a value into its field; the field stays as it was when there is anything to reject.
  let read: @Sendable (RawValue, inout AmbassadorConfiguration, inout [Rejection]) -> Void
  /// Takes the value from the first into the second.
  public let carry: @Sendable (AmbassadorConfiguration, inout AmbassadorConfiguration) -> Void
  /// The value as YAML, empty when not set.
  let render: @Sendable (AmbassadorConfiguration) -> String

  typealias Field<Value> = WritableKeyPath<AmbassadorConfiguration, Value> & Sendable

  /// A setting with a default.
  init<Value>(
    _ key: String, _ type: SettingType<Value>, into field: Field<Value>, default: Value, alias: String? = nil,
    reload: Reload, secret: Bool = false, help: String
  ) {
    self.init(key, type, field, `default`, isRequired: false, alias, reload, secret, help)
  }

  /// A setting that must be given; the example is for the sample.
  init<Value>(
    _ key: String, _ type: SettingType<Value>, into field: Field<Value>, example: Value, alias: String? = nil,
    reload: Reload, secret: Bool = false, help: String
  ) {
    self.init(key, type, field, example, isRequired: true, alias, reload, secret, help)
  }

  private init<Value>(
    _ key: String, _ type: SettingType<Value>, _ field: Field<Value>, _ value: Value, isRequired: Bool,
    _ alias: String?, _ reload: Reload, _ secret: Bool, _ help: String
  ) {
    self.key = key
    self.alias = alias
    self.reload = reload
    self.isSecret = secret
    self.isRequired = isRequired
    self.arity = type.arity
    self.expected = type.expected
    self.help = help
    self.fill = { $0[keyPath: field] = value }
    self.read = { raw, configuration, rejections in
      let before = rejections.count
      let decoded = type.decode(raw, &rejections)
      if let decoded, rejections.count == before { configuration[keyPath: field] = decoded }
    }
    self.carry = { from, to in to[keyPath: field] = from[keyPath: field] }
    self.render = { type.render($0[keyPath: field]) }
  }
}

extension Setting {
  /// `REDIS_AMB_UPSTREAM_TIMEOUT`
  public var environmentName: String { Self.environmentPrefix + Self.environmentForm(key) }

  /// `upstream-timeout`, without the dashes.
  public var flagName: String { Self.flagForm(key) }

  /// Whose section of `topology` it is in; nothing for one that has nothing to do with that.
  var topologyKind: AmbassadorConfiguration.Topology.Kind? {
    AmbassadorConfiguration.Topology.Kind.allCases.first { key.hasPrefix("topology.\($0.rawValue).") }
  }

  /// Whether it counts when the nodes are learned from this source.
  func isOf(_ kind: AmbassadorConfiguration.Topology.Kind) -> Bool { topologyKind.map { $0 == kind } ?? true }

  static let environmentPrefix = "REDIS_AMB_"

  static func environmentForm(_ key: String) -> String {
    String(key.uppercased().map { $0 == "." || $0 == "-" ? "_" : $0 })
  }

  static func flagForm(_ key: String) -> String { String(key.map { $0 == "." ? "-" : $0 }) }

  /// What a person would write for it in the configuration as it is; never a secret, and nothing for a setting of a source
  /// of topology that is not chosen.
  public func text(in configuration: AmbassadorConfiguration) -> String {
    guard isOf(configuration.topology.kind) else { return "" }
    return isSecret ? "(hidden)" : render(configuration)
  }
}
