/// Every command that the ambassador knows: what the server says of it, and what we do with it.
///
/// Immutable. Looking up is for the data path; names and reasons are for people, metrics and error texts.
public final class CommandTable: Sendable {
  /// Written only in init, before anyone else holds the table, then read by any thread; freed in deinit, so no pointer
  /// into it may leave a method of this class.
  @usableFromInline
  nonisolated(unsafe) let slots: CommandSlots

  /// By ``CommandSpec/id``: "client|setname". Names that only an earlier table knew stay, so that ids keep their meaning.
  let names: [String]
  /// By ``CommandSpec/id``: the override's reason and its error text.
  private let overrides: [CommandOverride?]

  init(_ entries: [Entry], names: [String]) {
    var overrides = [CommandOverride?](repeating: nil, count: names.count)
    for entry in entries { overrides[Int(entry.spec.id)] = entry.override }
    self.names = names
    self.overrides = overrides
    slots = CommandSlots(entries.map { ($0.key, $0.container, $0.spec) })
  }

  deinit {
    slots.deallocate()
  }
}

extension CommandTable {
  /// What is known of a command by this name, in any case of A-Z. An unknown one goes to the primary as it is.
  @inlinable
  public func lookup(_ name: UnsafeRawBufferPointer) -> CommandSpec {
    withExtendedLifetime(self) {
      slots.find(name, container: 0)?.pointee.spec ?? .unknown
    }
  }

  /// As ``lookup(_:)``, and on to the subcommand if the command has any. An unknown subcommand gives the container's spec.
  @inlinable
  public func lookup(_ name: UnsafeRawBufferPointer, subcommand: UnsafeRawBufferPointer) -> CommandSpec {
    lookup(subcommand: subcommand, of: lookup(name))
  }

  /// The second step alone, for callers that have the first's result.
  @inlinable
  public func lookup(subcommand: UnsafeRawBufferPointer, of spec: CommandSpec) -> CommandSpec {
    guard spec.flags.contains(.container) else { return spec }
    return withExtendedLifetime(self) {
      slots.find(subcommand, container: spec.id)?.pointee.spec ?? spec
    }
  }
}

extension CommandTable {
  /// One more than the largest ``CommandSpec/id``: the size of an array indexed by it.
  public var idLimit: Int { names.count }

  /// The names behind the ids from 1 on, also of commands that only an earlier table knew.
  public var allNames: some Collection<String> { names.dropFirst() }

  /// "get", "client|setname", and "" for the unknown command.
  public func name(of spec: CommandSpec) -> String {
    names[Int(spec.id)]
  }

  public func name(ofID id: UInt16) -> String {
    Int(id) < names.count ? names[Int(id)] : ""
  }

  /// Why this command is an exception to what the server's flags alone would make us do; nil if it is none.
  public func because(_ spec: CommandSpec) -> String? {
    overrides[Int(spec.id)]?.because
  }

  /// Whether there are servers without this command.
  public func isNewer(_ spec: CommandSpec) -> Bool {
    overrides[Int(spec.id)]?.newer != nil
  }

  /// What to answer to a command whose handling is `.refused`, without the leading "-".
  public func refusal(of spec: CommandSpec) -> String? {
    overrides[Int(spec.id)]?.answer
  }

  /// The server's text for a request that ``CommandSpec/accepts(argumentCount:)`` does not accept, without the leading "-".
  public func wrongArgumentCount(_ spec: CommandSpec) -> String {
    "ERR wrong number of arguments for '\(name(of: spec))' command"
  }
}
