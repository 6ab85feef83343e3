/// What a server says about a command in its COMMAND reply, plus what it keeps to itself.
///
/// The names are the server's (`deny_blocking` and the like never appear in COMMAND). Two are ours:
/// ``mayReplicate``, which servers hide on purpose, and ``container``, which follows from having subcommands.
@frozen
public struct CommandFlags: OptionSet, Sendable, Hashable {
  public let rawValue: UInt32

  @inlinable
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static let readonly = CommandFlags(rawValue: 1 << 0)
  public static let write = CommandFlags(rawValue: 1 << 1)
  public static let admin = CommandFlags(rawValue: 1 << 2)
  public static let blocking = CommandFlags(rawValue: 1 << 3)
  public static let pubsub = CommandFlags(rawValue: 1 << 4)
  public static let noScript = CommandFlags(rawValue: 1 << 5)
  public static let noMulti = CommandFlags(rawValue: 1 << 6)
  public static let movableKeys = CommandFlags(rawValue: 1 << 7)
  public static let fast = CommandFlags(rawValue: 1 << 8)
  public static let denyOOM = CommandFlags(rawValue: 1 << 9)
  public static let stale = CommandFlags(rawValue: 1 << 10)
  public static let loading = CommandFlags(rawValue: 1 << 11)
  public static let noAsyncLoading = CommandFlags(rawValue: 1 << 12)
  public static let noAuth = CommandFlags(rawValue: 1 << 13)
  public static let allowBusy = CommandFlags(rawValue: 1 << 14)
  public static let noMandatoryKeys = CommandFlags(rawValue: 1 << 15)
  public static let asking = CommandFlags(rawValue: 1 << 16)
  public static let skipMonitor = CommandFlags(rawValue: 1 << 17)
  public static let skipSlowlog = CommandFlags(rawValue: 1 << 18)

  /// Neither `readonly` nor `write`, and yet its effects may enter the replication stream. Hidden in COMMAND.
  public static let mayReplicate = CommandFlags(rawValue: 1 << 30)
  /// The command has subcommands: look up its second argument as well.
  public static let container = CommandFlags(rawValue: 1 << 31)
}

extension CommandFlags {
  /// The server's own words for the flags. Also the generator's: it reads them from this file.
  static let words: [(word: String, flag: CommandFlags)] = [
    ("readonly", .readonly), ("write", .write), ("admin", .admin), ("blocking", .blocking), ("pubsub", .pubsub),
    ("noscript", .noScript), ("no_multi", .noMulti), ("movablekeys", .movableKeys), ("fast", .fast),
    ("denyoom", .denyOOM), ("stale", .stale), ("loading", .loading), ("no_async_loading", .noAsyncLoading),
    ("no_auth", .noAuth), ("allow_busy", .allowBusy), ("no_mandatory_keys", .noMandatoryKeys), ("asking", .asking),
    ("skip_monitor", .skipMonitor), ("skip_slowlog", .skipSlowlog),
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
