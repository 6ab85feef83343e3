// From rows (what servers say) and overrides (what we do otherwise) to entries of the table.

extension CommandTable {
  /// One command on its way into the table.
  struct Entry {
    /// The name that a request must have: "setname" of "client|setname". Not yet folded.
    let key: [UInt8]
    let container: UInt16
    let spec: CommandSpec
    let override: CommandOverride?
  }

  /// The table for before the first connection, and for users who may not run COMMAND.
  public static let builtin = CommandTable(rows: CommandRow.builtin + CommandOverride.newerRows, names: [""])

  /// This table with the server's own list in the place of the built-in one.
  ///
  /// The server wins wherever it speaks: flags, arity, keys, and which commands exist. Two things it cannot take away:
  /// the overrides, and commands that are not simply forwarded, which stay known even if this server does not list them
  /// (the next one may, and one MULTI that slips through to a shared upstream harms everyone on it).
  /// Ids keep their meaning: the same name has the same id in both tables.
  public func merging(_ live: [LiveCommand]) -> CommandTable {
    let listed = CommandRow.flatten(live)
    return CommandTable(rows: listed + Self.safetyRows(beside: listed), names: names)
  }

  /// Built-in rows that hold although a live list lacks them, each with its container if the list lacks that too.
  private static func safetyRows(beside listed: [CommandRow]) -> [CommandRow] {
    let builtin = CommandRow.builtin + CommandOverride.newerRows
    let present = Set(listed.map { fold($0.name) })
    let kept = builtin.filter { row in
      let override = CommandOverride.byName[row.name]
      return !present.contains(row.name) && override?.unlisted != .forward
        && CommandSpec(row, id: 0, override: override, isContainer: false).handling != .forward
    }
    let containers = Set(kept.compactMap(\.container)).subtracting(present)
    return builtin.filter { containers.contains($0.name) } + kept
  }

  /// The same name twice, or a subcommand before its container: the first counts, the second is dropped.
  private convenience init(rows: [CommandRow], names known: [String]) {
    var names = known
    var ids: [String: UInt16] = [:]
    for (id, name) in known.enumerated() { ids[Self.fold(name)] = UInt16(id) }
    let containers = Set(rows.lazy.compactMap(\.container).map(Self.fold))
    var placed: [String: UInt16] = [:]
    var entries: [Entry] = []
    for row in rows {
      let name = Self.fold(row.name)
      let container = row.container.map { placed[Self.fold($0)] } ?? 0
      guard let container, placed[name] == nil, !row.key.isEmpty, let id = ids[name] ?? UInt16(exactly: names.count)
      else { continue }
      if id == names.count { names.append(row.name) } else { names[Int(id)] = row.name }
      placed[name] = id
      let override = CommandOverride.byName[name]
      let spec = CommandSpec(row, id: id, override: override, isContainer: containers.contains(name))
      entries.append(Entry(key: Array(row.key.utf8), container: container, spec: spec, override: override))
    }
    self.init(entries, names: names)
  }

  private static func fold(_ name: String) -> String {
    String(decoding: name.utf8.map(FoldedName.fold), as: UTF8.self)
  }
}

extension CommandSpec {
  /// The two rules, and then the override's word where it has one.
  init(_ row: CommandRow, id: UInt16, override: CommandOverride?, isContainer: Bool) {
    var flags = row.flags.union(override?.adding ?? [])
    if isContainer { flags.insert(.container) }
    let blocks = flags.contains(.blocking)
    let reads = flags.contains(.readonly) && !flags.contains(.write)
    let handling = override?.handling ?? (blocks ? .pinned : .forward)
    self.init(
      flags: flags, id: id, arity: row.arity, firstKey: row.firstKey, lastKey: row.lastKey, keyStep: row.keyStep,
      handling: handling, placement: override?.placement ?? (reads ? .replica : .primary), local: override?.local,
      pin: override?.pin ?? (handling == .pinned ? .blocking : nil),
      session: SessionCommand(rawValue: row.name.lowercased()),
      effect: Self.effect(
        flags: flags, isKnown: CommandRow.builtinNames.contains(row.name), override: override?.effect),
      scope: override?.scope ?? Self.scope(of: row, flags: flags))
  }
}
