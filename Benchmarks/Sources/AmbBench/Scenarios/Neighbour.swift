/// What other clients do beside small GETs.
enum Neighbour: String, CaseIterable {
  case bigValues = "big-values"
  case script
  case keys
  case pulling = "pull-100mb"
  case storing = "store-100mb"
  case slowReader = "slow-reader"

  var title: String {
    switch self {
    case .bigValues: "pulls 1 MiB values in a loop"
    case .script: "runs a script of 200 ms in a loop, on the primary"
    case .keys: "asks KEYS for 10 of a million, in a loop"
    case .pulling: "pulls a value of 100 MB in a loop"
    case .storing: "stores a value of 100 MB in a loop"
    case .slowReader: "four clients pull 16 MiB each at 1 MB/s"
    }
  }

  /// Whether direct connections for small GETs lead to a replica: the node that the neighbour keeps busy is the primary,
  /// and nobody who reads there could be spared.
  var sparesReplicas: Bool {
    switch self {
    case .script, .keys: true
    case .bigValues, .pulling, .storing, .slowReader: false
    }
  }

  static let hugeKey = "huge"
  static let hugeSize = 100_000_000
  static let slowSize = 16 << 20
}
