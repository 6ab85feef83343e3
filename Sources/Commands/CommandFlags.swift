/// What a server says about a command in its COMMAND reply, plus what it keeps to itself.
///
/// The names are the server's (`deny_blocking` and the like never appear in COMMAND). Two are ours:
/// ``mayReplicate``, which servers hide on purpose, and ``container``, which follows from having subcommands.
@frozen
public struct CommandFlags: OptionSet, Sendable, Hashable {
  public let rawValue: UInt32

  @inlinable
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  @inlinable public static var readonly: CommandFlags { CommandFlags(rawValue: 1 << 0) }
  @inlinable public static var write: CommandFlags { CommandFlags(rawValue: 1 << 1) }
  @inlinable public static var admin: CommandFlags { CommandFlags(rawValue: 1 << 2) }
  @inlinable public static var blocking: CommandFlags { CommandFlags(rawValue: 1 << 3) }
  @inlinable public static var pubsub: CommandFlags { CommandFlags(rawValue: 1 << 4) }
  @inlinable public static var noScript: CommandFlags { CommandFlags(rawValue: 1 << 5) }
  @inlinable public static var noMulti: CommandFlags { CommandFlags(rawValue: 1 << 6) }
  @inlinable public static var movableKeys: CommandFlags { CommandFlags(rawValue: 1 << 7) }
  @inlinable public static var fast: CommandFlags { CommandFlags(rawValue: 1 << 8) }
  @inlinable public static var denyOOM: CommandFlags { CommandFlags(rawValue: 1 << 9) }
  @inlinable public static var stale: CommandFlags { CommandFlags(rawValue: 1 << 10) }
  @inlinable public static var loading: CommandFlags { CommandFlags(rawValue: 1 << 11) }
  @inlinable public static var noAsyncLoading: CommandFlags { CommandFlags(rawValue: 1 << 12) }
  @inlinable public static var noAuth: CommandFlags { CommandFlags(rawValue: 1 << 13) }
  @inlinable public static var allowBusy: CommandFlags { CommandFlags(rawValue: 1 << 14) }
  @inlinable public static var noMandatoryKeys: CommandFlags { CommandFlags(rawValue: 1 << 15) }
  @inlinable public static var asking: CommandFlags { CommandFlags(rawValue: 1 << 16) }
  @inlinable public static var skipMonitor: CommandFlags { CommandFlags(rawValue: 1 << 17) }
  @inlinable public static var skipSlowlog: CommandFlags { CommandFlags(rawValue: 1 << 18) }
  /// A module's command, not the server's own.
  @inlinable public static var module: CommandFlags { CommandFlags(rawValue: 1 << 19) }

  /// Neither `readonly` nor `write`, and yet its effects may enter the replication stream. Hidden in COMMAND.
  @inlinable public static var mayReplicate: CommandFlags { CommandFlags(rawValue: 1 << 30) }
  /// The command has subcommands: look up its second argument as well.
  @inlinable public static var container: CommandFlags { CommandFlags(rawValue: 1 << 31) }
}

extension CommandFlags {
  /// The server's own words for the flags. Also the generator's: it reads them from this file.
  static let words: [(word: String, flag: CommandFlags)] = [
    ("readonly", .readonly), ("write", .write), ("admin", .admin), ("blocking", .blocking), ("pubsub", .pubsub),
    ("noscript", .noScript), ("no_multi", .noMulti), ("movablekeys", .movableKeys), ("fast", .fast),
    ("denyoom", .denyOOM), ("stale", .stale), ("loading", .loading), ("no_async_loading", .noAsyncLoading),
    ("no_auth", .noAuth), ("allow_busy", .allowBusy), ("no_mandatory_keys", .noMandatoryKeys), ("asking", .asking),
    ("skip_monitor", .skipMonitor), ("skip_slowlog", .skipSlowlog), ("module", .module),
  ]

  /// The flags that these words name. Words from other versions ("random", "sort_for_script", ...) change nothing here.
  init(words: some Sequence<String>) {
    var flags: CommandFlags = []
    for word in words {
      if let known = Self.words.first(where: { $0.word == word }) { flags.insert(known.flag) }
    }
    self = flags
  }
}
