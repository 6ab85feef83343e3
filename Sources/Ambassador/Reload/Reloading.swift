import Proxy
import Reactor
import Topology

/// How far a reload has come.
struct Reloading {
  enum Stage {
    case none
    /// Its nodes are looked at.
    case proving(Candidate)
    /// The workers are told.
    case applying(Applying)
  }

  /// What was told to the workers, and who has taken it.
  struct Applying {
    let plan: ReloadPlan
    let before: Set<NodeAddress>
    let generation: UInt64
    /// The steps that are still to be told, in order: each is told when all workers have taken the one before.
    var steps: [Step]
    /// How many workers have yet to take the present step, and to follow the topology.
    var stepsOpen = 0
    var followersOpen = 0
    var upstreams = UpstreamCounts()
  }

  /// Settings, and the rules that go with them.
  struct Step {
    let settings: WorkerSettings
    /// Whether clients get their new rules with it.
    let usesNewRules: Bool
  }

  var stage = Stage.none
  var isUnderWay: Bool { if case .none = stage { false } else { true } }
  /// Those who wait for the one under way.
  var requests: [ReloadRequest] = []
  /// Those who came while one was being applied.
  var later: [ReloadRequest] = []
  /// The workers where something may go on that was begun before the last one, and whether anywhere anything did.
  var undrained: Set<Int> = []
  var hasDrained = false
  var patience: TimerSource?
  /// Looks at the candidate when time alone makes it ready.
  var clock: TimerSource?
  var lastStep: UInt64 = 0

  /// How long whoever asked for a reload waits for it to be in force, in seconds.
  static let longestWait = 10.0
}
