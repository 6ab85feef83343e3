/// What a server says about one command or subcommand: the form that both the generated table and a live COMMAND reply
/// take before a ``CommandTable`` is built.
struct CommandRow: Sendable, Equatable {
  /// "get", or "client|setname" for a subcommand.
  let name: String
  let arity: Int16
  let flags: CommandFlags
  let firstKey: Int16
  let lastKey: Int16
  let keyStep: Int16

  init(_ name: String, _ arity: Int16, _ flags: CommandFlags, keys: (Int16, Int16, Int16) = (0, 0, 0)) {
    self.name = name
    self.arity = arity
    self.flags = flags
    (firstKey, lastKey, keyStep) = keys
  }

  init(_ live: LiveCommand, name: String) {
    self.init(
      name, Int16(clamping: live.arity), CommandFlags(words: live.flags),
      keys: (Int16(clamping: live.firstKey), Int16(clamping: live.lastKey), Int16(clamping: live.keyStep)))
  }

  /// What a server of our own version knows: a module's command is not among them.
  static let builtinNames = Set(builtin.map(\.name) + CommandOverride.newerRows.map(\.name))

  /// "client" of "client|setname".
  var container: String? {
    separator.map { String(name[..<$0]) }
  }

  /// What stands in a request for this row: "setname" of "client|setname".
  var key: String {
    separator.map { String(name.utf8[$0...].dropFirst()) ?? "" } ?? name
  }

  /// Among bytes: a search among characters would be a third of the time that building a table takes.
  private var separator: String.Index? { name.utf8.firstIndex(of: UInt8(ascii: "|")) }

  /// A live reply as a flat list, each container before its subcommands.
  static func flatten(_ live: [LiveCommand]) -> [CommandRow] {
    live.flatMap { command in
      [CommandRow(command, name: command.name)]
        + command.subcommands.map { subcommand in
          let bare = subcommand.name.split(separator: "|", omittingEmptySubsequences: false).last ?? ""
          return CommandRow(subcommand, name: command.name + "|" + bare)
        }
    }
  }
}
