/// One exception to what a server's COMMAND reply alone would make us do, with its reason.
struct CommandOverride: Sendable {
  /// What a live server that does not list the command gets to see of it.
  enum Unlisted: Sendable {
    /// Nothing: the exception holds all the same. The list may be another node's, or older than the server.
    case keep
    /// The command itself, so that its own "unknown command" comes back. Only where forwarding harms no one.
    case forward
  }

  let names: [String]
  let placement: CommandPlacement?
  let local: LocalCommand?
  let pin: PinKind?
  let handling: CommandHandling?
  /// Where the flags do not tell what it changes, or which keys.
  let effect: CommandEffect?
  let scope: KeyScope?
  /// Flags that the server keeps to itself.
  let adding: CommandFlags
  /// The error to answer with, for `.refused`.
  let answer: String?
  /// For a command that is not in the built-in list: the server version it came with, and what that version says of it.
  let newer: Newer?
  let unlisted: Unlisted
  let because: String

  struct Newer: Sendable {
    let since: String
    let arity: Int16
    let flags: CommandFlags

    init(since: String, arity: Int16, flags: CommandFlags = []) {
      self.since = since
      self.arity = arity
      self.flags = flags
    }
  }

  /// At most one of `local`, `pinned` and `handling` says what to do; `handling` beside `pinned` refines it.
  init(
    _ names: String..., placement: CommandPlacement? = nil, local: LocalCommand? = nil, pinned pin: PinKind? = nil,
    handling: CommandHandling? = nil, effect: CommandEffect? = nil, scope: KeyScope? = nil, adding: CommandFlags = [],
    answer: String? = nil, newer: Newer? = nil,
    unlisted: Unlisted = .keep, because: String
  ) {
    self.names = names
    self.placement = placement
    self.local = local
    self.pin = pin
    self.handling = handling ?? (local != nil ? .local : pin != nil ? .pinned : nil)
    self.effect = effect
    self.scope = scope
    self.adding = adding
    self.answer = answer
    self.newer = newer
    self.unlisted = unlisted
    self.because = because
  }

}

extension CommandOverride {
  static let byName: [String: CommandOverride] = Dictionary(
    all.flatMap { override in override.names.map { ($0, override) } }, uniquingKeysWith: { first, _ in first })

  /// The commands that the built-in list is too old for.
  static let newerRows: [CommandRow] = all.flatMap { override in
    guard let newer = override.newer else { return [CommandRow]() }
    return override.names.map { CommandRow($0, newer.arity, newer.flags) }
  }
}
