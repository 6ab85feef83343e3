/// What the command line asks for.
struct Options {
  enum Verb: String, CaseIterable {
    case loads
    case slowReaders = "slow-readers"
    case frozenReplica = "frozen-replica"
    case bigNeighbour = "big-neighbour"
    case neighbours
    case fences
    case all
  }

  var verb = Verb.loads
  var amb = "../.build/release/redis-amb"
  var haproxy = "haproxy"
  var twemproxy = "nutcracker"
  var targets = TargetKind.allCases.filter { $0 != .forwarder }
  var rounds = 3
  var threads = [1, 2]
  /// Which parts of `loads`, `neighbours` and `fences` run; empty for all. Load ids or the first half of one, footprint, latency, idle;
  /// share, delayed, cost, fresh.
  var parts: [String] = []
  /// Among how many threads `neighbours` deals the clients of the small GETs.
  var clientThreads = 1
  var countsSystemCalls = false
  var isQuick = false
  var isMarkdown = false
  var isStrict = false
  var seconds: Double?

  func recipe(_ kind: TargetKind) -> (any ProxyRecipe)? {
    switch kind {
    case .direct: nil
    case .haproxy: HAProxy(path: haproxy)
    case .twemproxy: Twemproxy(path: twemproxy)
    case .forwarder: Forwarder()
    case .amb: RedisAmb(path: amb)
    }
  }

  /// `p1` includes p1-get and p1-set, and not p16-get.
  func includes(_ part: String) -> Bool { parts.isEmpty || parts.contains { part == $0 || part.hasPrefix($0 + "-") } }
}
