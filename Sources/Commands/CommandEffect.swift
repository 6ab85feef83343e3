/// What a request does to the data, for those who must know which later reads it concerns.
@frozen
public enum CommandEffect: UInt8, Sendable {
  /// It changes nothing that a read could see.
  case none
  /// It may change the keys that ``CommandSpec/scope`` tells of.
  case changes
}

/// Which keys a request reads or changes, as far as that can be told from its arguments at once.
@frozen
public enum KeyScope: UInt8, Sendable {
  /// The one key right behind the command's name.
  case second
  /// Those of ``CommandSpec/keyRange(argumentCount:)``.
  case listed
  /// So many as the argument right behind the command's name says, behind that.
  case countedBySecond
  /// The same one argument further on.
  case countedByThird
  /// The first half of what follows STREAMS.
  case streams
  /// The one right behind the command's name, and those behind STORE and STOREDIST.
  case stored
  /// The one right behind the command's name, unless a pattern leads to others.
  case patterned
  /// Any key: it names none, or more than it names (scripts that may write, modules).
  case any
}

extension CommandSpec {
  /// - Parameter override: the exception's word, where the flags do not tell.
  static func effect(flags: CommandFlags, isKnown: Bool, override: CommandEffect?) -> CommandEffect {
    if let override { return override }
    if flags.contains(.write) { return .changes }
    // A module's command without either flag may do anything.
    return flags.contains(.readonly) || isKnown ? .none : .changes
  }

  static func scope(of row: CommandRow, flags: CommandFlags) -> KeyScope {
    // Modules read and write keys that they do not name: an index follows every hash, a rule fills another series.
    if flags.contains(.module) || flags.contains(.movableKeys) || row.firstKey <= 0 || row.keyStep <= 0 { return .any }
    return row.firstKey == 1 && row.lastKey == 1 ? .second : .listed
  }
}
