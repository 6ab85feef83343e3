/// What the ambassador does with a command that arrives on a connection whose upstream is shared with other clients.
@frozen
public enum CommandHandling: UInt8, Sendable {
  /// Send it on; ``CommandSpec/placement`` says to which kind of node.
  case forward
  /// As ``forward``, to the primary, and the replicas are told as well: it is about what each node keeps for itself.
  case everywhere
  /// Answer it here; ``CommandSpec/local`` says as what. It is about the client's own session, not about a node.
  case local
  /// It needs an upstream of the client's own; ``CommandSpec/pin`` says why.
  case pinned
  /// As ``pinned`` when its arguments hold BLOCK, else as ``forward``; ``BlockOption`` reads the arguments.
  case pinnedIfBlocking
  /// Answer with the error of ``CommandTable/refusal(of:)``: what a server without the feature says.
  case refused
  /// Close the connection without a word, dropping replies not yet written, as the server does with "POST" and "Host:".
  case closeSilently
}

/// Which kind of node the data path sends a command to, when policy permits.
@frozen
public enum CommandPlacement: UInt8, Sendable {
  case primary
  case replica
}

/// Why a command needs an upstream of its own.
@frozen
public enum PinKind: UInt8, Sendable, CaseIterable {
  /// Opens, closes or arms a transaction: the server holds a queue or watched keys for the connection.
  case transaction
  /// May wait, and everything behind it on the same connection with it.
  case blocking
  /// Asks about the writes sent before it on the same connection, so any other connection answers about nothing.
  case acknowledgement
  /// Turns the connection into one that receives messages.
  case subscription
  /// Turns the connection into a feed of all commands.
  case monitor
  /// Invalidation messages belong to the connection that read the keys.
  case tracking
  /// Makes the connection a replica's.
  case replication
  /// Sets a property of the connection that changes how the server treats every command on it.
  case connectionMode
  /// Ends what keeps the node from doing anything else, so it must not stand behind that.
  case interruption
  /// Forks a debugging session for the connection.
  case debugging
}
