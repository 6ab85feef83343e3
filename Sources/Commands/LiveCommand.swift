/// One entry of a server's COMMAND reply, parsed to plain values.
public struct LiveCommand: Sendable, Equatable {
  /// As the server gives it: "get"; for a subcommand "client|setname" (a bare "setname" is understood too).
  public var name: String
  public var arity: Int
  public var flags: [String]
  public var firstKey: Int
  public var lastKey: Int
  public var keyStep: Int
  public var subcommands: [LiveCommand]

  public init(
    name: String, arity: Int, flags: [String], firstKey: Int = 0, lastKey: Int = 0, keyStep: Int = 0,
    subcommands: [LiveCommand] = []
  ) {
    self.name = name
    self.arity = arity
    self.flags = flags
    self.firstKey = firstKey
    self.lastKey = lastKey
    self.keyStep = keyStep
    self.subcommands = subcommands
  }
}
