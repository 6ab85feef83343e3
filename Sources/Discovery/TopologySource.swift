import Commands
import Reactor
import Topology

/// Whatever watches nodes and tells what they amount to. Belongs to one loop.
public protocol TopologySource: AnyObject {
  func start()
  /// Takes over what another source knows of the past of the same nodes; to be called before it is started. Nothing is
  /// taken from one of other nodes.
  func goOn(from other: any TopologySource)
  func cancel()
  /// Something speaks against what is known: everybody is asked at once.
  func look()
  /// Whether everything that is known has been heard of, for good or bad.
  var isComplete: Bool { get }
}

/// What discovery knows, handed over whenever it changes.
public struct DiscoveryUpdate: Equatable, Sendable {
  public var snapshot: TopologySnapshot
  /// Where each node is reached; nodes that were never reached are missing.
  public var addresses: [NodeAddress: SocketAddress]
  /// The run ids of processes, where another process at the same address is another node. Empty where it is not: then an
  /// address is all that counts.
  public var processes: [NodeAddress: String] = [:]
  /// How often the source has given one primary up for another that does not go on from it: what the former says is as
  /// true as before.
  public var handovers = 0
  /// What the primary says of itself; nothing before it was first reached.
  public var server: ServerDescription?
}

/// Who hears of what a source finds.
public struct DiscoveryHandlers {
  /// The topology or what is known of its nodes has changed.
  public var onUpdate: (DiscoveryUpdate) -> Void
  /// The primary's own list of commands, once for each connection to it.
  public var onCommands: ([LiveCommand]) -> Void
  /// A node was reached or lost: for the log.
  public var onObservation: (NodeAddress, NodeObservation) -> Void
  /// A Sentinel was reached, or lost for the reason given: for the log.
  public var onSentinel: (NodeAddress, _ lost: String?) -> Void
  /// A Sentinel is no longer one of those that are asked.
  public var onSentinelLeft: (NodeAddress) -> Void
  /// A Sentinel that is asked tells of events, or does not for the reason given: for the log.
  public var onSentinelEvents: (NodeAddress, _ lost: String?) -> Void
  /// A name was looked up, or could not be for the reason given: for the log.
  public var onName: (NodeAddress, _ failure: String?) -> Void

  public init(
    onUpdate: @escaping (DiscoveryUpdate) -> Void, onCommands: @escaping ([LiveCommand]) -> Void,
    onObservation: @escaping (NodeAddress, NodeObservation) -> Void,
    onSentinel: @escaping (NodeAddress, _ lost: String?) -> Void = { _, _ in },
    onSentinelLeft: @escaping (NodeAddress) -> Void = { _ in },
    onSentinelEvents: @escaping (NodeAddress, _ lost: String?) -> Void = { _, _ in },
    onName: @escaping (NodeAddress, _ failure: String?) -> Void = { _, _ in }
  ) {
    self.onUpdate = onUpdate
    self.onCommands = onCommands
    self.onObservation = onObservation
    self.onSentinel = onSentinel
    self.onSentinelLeft = onSentinelLeft
    self.onSentinelEvents = onSentinelEvents
    self.onName = onName
  }
}
