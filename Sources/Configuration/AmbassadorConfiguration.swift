/// Everything that a person can set, parsed and checked: what the ambassador is started or reloaded with.
///
/// A field is what one row of `Setting.all` fills. The values written here are blanks, not defaults: a default stands
/// in the setting's row and nowhere else.
public struct AmbassadorConfiguration: Sendable, Equatable {
  public var listen: [Listener] = []
  public var threads = Threads.count(0)
  public var topology = Topology.static(Topology.Static(primary: Endpoint(host: "", port: 0)))
  public var upstream = Upstream()
  public var reads = Reads()
  public var failover = Failover()
  public var limits = Limits()
  public var admin = Admin()
  public var log = Log()
  public var reload = Reload()
  public var shutdown = Shutdown()

  /// The defaults, and the one thing that has none.
  public init(primary: Endpoint) {
    self.init(examplesOf: .static)
    topology.asStatic.primary = primary
  }

  /// The defaults, and the one thing that has none.
  public init(sentinels: [Endpoint]) {
    self.init(examplesOf: .sentinel)
    topology.asSentinel.addresses = sentinels
  }

  /// The defaults, and the one thing that has none.
  public init(name: Endpoint) {
    self.init(examplesOf: .dns)
    topology.asDNS.primary = name
  }

  /// The defaults, with the examples where there are none, and this source of topology.
  init(examplesOf kind: Topology.Kind) {
    for setting in Setting.all where setting.isOf(kind) { setting.fill(&self) }
  }

  public enum Threads: Sendable, Equatable {
    case count(Int)
    /// As many as the container's CPU quota is good for.
    case auto
  }

  /// Where the nodes are learned from: exactly one source.
  public enum Topology: Sendable, Equatable {
    case `static`(Static)
    case sentinel(Sentinel)
    case dns(DNS)

    /// As its section is called.
    enum Kind: String, CaseIterable { case `static`, sentinel, dns }

    public struct Static: Sendable, Equatable {
      public var primary: Endpoint
      public var replicas: [Endpoint]

      public init(primary: Endpoint, replicas: [Endpoint] = []) {
        self.primary = primary
        self.replicas = replicas
      }
    }

    public struct Sentinel: Sendable, Equatable {
      public var addresses: [Endpoint] = []
      public var masterName = ""
      public var username: String?
      public var passwordFile: String?
    }

    public struct DNS: Sendable, Equatable {
      public var primary = Endpoint(host: "", port: 0)
      public var replicas: [Endpoint] = []
      public var refresh = Duration.zero

      /// All of them, each once.
      public var names: [Endpoint] { [primary] + replicas.filter { $0 != primary } }
    }

    var kind: Kind {
      switch self {
      case .static: .static
      case .sentinel: .sentinel
      case .dns: .dns
      }
    }

    // The ways in for the settings' key paths; writing selects the source.

    var asStatic: Static {
      get { if case .static(let nodes) = self { nodes } else { Static(primary: Endpoint(host: "", port: 0)) } }
      set { self = .static(newValue) }
    }

    var asSentinel: Sentinel {
      get { if case .sentinel(let sentinel) = self { sentinel } else { Sentinel() } }
      set { self = .sentinel(newValue) }
    }

    var asDNS: DNS {
      get { if case .dns(let dns) = self { dns } else { DNS() } }
      set { self = .dns(newValue) }
    }
  }

  public struct Upstream: Sendable, Equatable {
    public var username: String?
    public var passwordFile: String?
    public var timeout = Duration.zero
    public var connectTimeout = Duration.zero
    public var maxPinned = 0
  }

  public struct Reads: Sendable, Equatable {
    public var policy = ReadPolicy.primary
    public var consistency = Consistency.eventual
    /// Nothing for no bound.
    public var maxLag: Duration?
  }

  public enum ReadPolicy: String, CaseIterable, Sendable {
    case primary
    case preferReplica = "prefer-replica"
    case replica
    case any
  }

  public enum Consistency: String, CaseIterable, Sendable {
    case readYourWrites = "read-your-writes"
    case eventual
  }

  public struct Failover: Sendable, Equatable {
    public var hold = Duration.zero
    /// In bytes.
    public var holdBytes = 0
  }

  /// In bytes.
  public struct Limits: Sendable, Equatable {
    public var clientOutput = 0
    public var memory = 0
  }

  public struct Admin: Sendable, Equatable {
    /// The path of the control socket; nothing for none.
    public var socket: String?

    /// Where the control socket is when nobody says otherwise, for the ambassador and for those who speak to it.
    public static let defaultSocket = "/run/redis-amb/control.sock"

    /// Where probes, metrics and the status page are served; nothing for nowhere.
    public var http: ListenAddress?

    /// The one that may be taken already without this being an error.
    public static let defaultHTTP = ListenAddress.tcp(Endpoint(host: "127.0.0.1", port: 9121))
  }

  public struct Log: Sendable, Equatable {
    public var level = LogLevel.info
    public var format = LogFormat.text
  }

  public enum LogLevel: String, CaseIterable, Sendable { case debug, info, warning, error }
  public enum LogFormat: String, CaseIterable, Sendable { case text, json }

  public struct Reload: Sendable, Equatable {
    public var drain = Duration.zero
  }

  public struct Shutdown: Sendable, Equatable {
    public var drain = Duration.zero
    public var linger = Duration.zero
  }
}
