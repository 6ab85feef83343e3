/// What kind of request it was to us: the raw value is the word for labels and tables.
public enum RequestClass: String, CaseIterable, Sendable {
  /// On a shared connection, or one lent for a long reply; may be asked again elsewhere.
  case read
  /// The same, never asked again once it was sent.
  case write
  /// Of a client that has an upstream of its own: transactions, blocking commands, subscriptions.
  case session

  @usableFromInline var index: Int {
    switch self {
    case .read: 0
    case .write: 1
    case .session: 2
    }
  }
}

/// What went to a node since the start, and how long it took.
public struct NodeTraffic: Sendable {
  /// Requests sent, or queued to be; what is asked again elsewhere counts again there.
  public var requests = PerClass(0)
  /// How long requests took, from handing them to the kernel until the reply was there: a sample. A connection measures one
  /// run of requests at a time, picked at random among those that leave together; blocking commands are not measured.
  public var latency = PerClass(LatencyHistogram())

  public init() {}

  public mutating func add(_ other: NodeTraffic) {
    for kind in RequestClass.allCases {
      requests[kind] += other.requests[kind]
      latency[kind].add(other.latency[kind])
    }
  }

  /// What came since it was this earlier one.
  public func since(_ earlier: NodeTraffic) -> NodeTraffic {
    var difference = self
    for kind in RequestClass.allCases {
      difference.requests[kind] = max(0, requests[kind] - earlier.requests[kind])
      difference.latency[kind] = latency[kind].since(earlier.latency[kind])
    }
    return difference
  }

  /// All classes together.
  public var allRequests: Int { RequestClass.allCases.reduce(0) { $0 + requests[$1] } }
}

/// A value for each class of requests.
public struct PerClass<Value> {
  @usableFromInline var values: InlineArray<3, Value>

  public init(_ value: Value) { values = .init(repeating: value) }

  @inlinable
  public subscript(kind: RequestClass) -> Value {
    @inline(__always) get { values[kind.index] }
    @inline(__always) set { values[kind.index] = newValue }
  }
}

extension PerClass: Sendable where Value: Sendable {}
