import Commands
import Reactor
import Topology

/// What a worker knows of the nodes: a topology with every name resolved, and what the servers say of themselves.
public struct UpstreamTopology: Sendable, Equatable {
  public struct Node: Sendable, Equatable {
    public let name: NodeAddress
    public let address: SocketAddress
    /// The process that was found there, where another at the same address is another node; empty where the address is
    /// all that counts.
    public let process: String
    /// It is the primary, or known to follow it without another replica between them.
    public let isDirect: Bool

    public init(name: NodeAddress, address: SocketAddress, process: String = "", isDirect: Bool = true) {
      self.name = name
      self.address = address
      self.process = process
      self.isDirect = isDirect
    }
  }

  public var primary: Node?
  /// Under which number this primary was named: one higher for each that is not the one before.
  public var reign: UInt64 = 0
  /// Which configuration it comes of.
  public var generation: UInt64 = 0
  /// From which source of that. Where this differs, nodes were not lost but given up: what was begun on them is finished
  /// there. Where it does not, a primary that is none any more was deposed, even if the configuration changes with it.
  public var source: UInt64 = 0
  /// Why there is no primary.
  public var primaryAbsence: String
  /// The replicas that may be read from.
  public var replicas: [Node]
  public var server: ServerIdentity

  public init(primary: Node?, primaryAbsence: String, replicas: [Node], server: ServerIdentity) {
    self.primary = primary
    self.primaryAbsence = primaryAbsence
    self.replicas = replicas
    self.server = server
  }
}

/// What clients are told when they ask whom they talk to (`HELLO`).
public struct ServerIdentity: Sendable, Equatable {
  public var version: String
  public var mode: String
  /// How many databases `SELECT` reaches.
  public var databases: Int
  public var modules: [LoadedModule]

  public init(
    version: String = "7.0.15", mode: String = "standalone", databases: Int = 16, modules: [LoadedModule] = []
  ) {
    self.modules = modules
    self.version = version
    self.mode = mode
    self.databases = databases
  }
}

/// How upstream connections introduce themselves.
public struct UpstreamCredentials: Sendable, Equatable {
  /// Empty for Redis's default user.
  public var username: [UInt8]
  public var password: [UInt8]

  public init(username: [UInt8], password: [UInt8]) {
    self.username = username
    self.password = password
  }
}
