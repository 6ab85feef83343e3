/// What is known of one command: what its server says, and what the ambassador does with it.
///
/// A trivial value of 21 bytes without references, so that the data path copies it freely. Names and reasons are in
/// the ``CommandTable`` that it came from.
@frozen
public struct CommandSpec: Sendable, Equatable {
  public let flags: CommandFlags
  /// Names the command within a table, and in all tables merged from it. Dense: fit for an array of counters.
  public let id: UInt16
  /// Positive: exactly so many arguments, the name included. Negative: at least. Zero: not known.
  public let arity: Int16
  /// Where the keys are, counted from the command's name at 0; ``lastKey`` may count from the end. See ``keyRange(argumentCount:)``.
  public let firstKey: Int16
  public let lastKey: Int16
  public let keyStep: Int16
  public let handling: CommandHandling
  public let placement: CommandPlacement
  /// Not nil exactly when ``handling`` is `.local`.
  public let local: LocalCommand?
  /// Not nil exactly when ``handling`` is `.pinned` or `.pinnedIfBlocking`.
  public let pin: PinKind?
  public let effect: CommandEffect
  public let scope: KeyScope
  /// What it does to the state that a server holds for the connection; nil for commands that leave it alone.
  public let session: SessionCommand?

  @inlinable
  init(
    flags: CommandFlags, id: UInt16, arity: Int16, firstKey: Int16, lastKey: Int16, keyStep: Int16,
    handling: CommandHandling, placement: CommandPlacement, local: LocalCommand? = nil, pin: PinKind? = nil,
    session: SessionCommand? = nil, effect: CommandEffect, scope: KeyScope
  ) {
    self.flags = flags
    self.id = id
    self.arity = arity
    self.firstKey = firstKey
    self.lastKey = lastKey
    self.keyStep = keyStep
    self.handling = handling
    self.placement = placement
    self.local = local
    self.pin = pin
    self.effect = effect
    self.scope = scope
    self.session = session
  }

  /// A command that the table does not know, a module's perhaps: the primary may run it, or refuse it in its own words.
  @inlinable
  public static var unknown: CommandSpec {
    CommandSpec(
      flags: [], id: 0, arity: 0, firstKey: 0, lastKey: 0, keyStep: 0, handling: .forward, placement: .primary,
      effect: .changes, scope: .any)
  }

  @inlinable
  public var isUnknown: Bool { id == 0 }

  /// Whether it may write keys that it does not name.
  @inlinable
  public var changesAnyKey: Bool { effect == .changes && scope == .any }

  /// Whether it runs a script or a function that promises to change nothing.
  @inlinable
  public var isScript: Bool { flags.contains(.readonly) && flags.contains(.noScript) }

  /// A script or function that may write: any key, though it is to name those that it touches.
  public var isWritingScript: Bool {
    changesAnyKey && flags.contains(.noScript) && flags.contains(.movableKeys) && !flags.contains(.module)
  }

  /// Whether what it answers is written by somebody else's code, which may use the server's words for errors: a script that
  /// may write, a function, a module's command.
  public var runsCode: Bool { isWritingScript || isUnknown || flags.contains(.module) }
}

extension CommandSpec {
  /// Whether the server would take so many arguments, the command's name (and subcommand's) included.
  @inlinable
  public func accepts(argumentCount: Int) -> Bool {
    arity >= 0 ? arity == 0 || argumentCount == Int(arity) : argumentCount >= -Int(arity)
  }
}
