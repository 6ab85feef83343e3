import Proxy
import Routing

/// All workers together, since they started.
public struct Totals: Sendable {
  public var clients = 0
  public var accepted = 0
  public var lanes = 0
  public var lent = 0
  /// Clients that wait for a primary now, and their bytes.
  public var holding = 0
  public var heldBytes = 0
  /// The longest that a worker has been missing a primary, in seconds; nothing while none is missed.
  public var absentFor: Double?
  public var outputBytes = 0
  /// The longest that a worker took to answer, in seconds.
  public var lag = 0.0
  public var routed = RouteCounts()
  /// Requests sent to nodes, of every class.
  public var requests = 0
  /// Requests a second in the last few seconds.
  public var rate = 0.0
  public var readsAskedAgain = 0
  public var held = 0
  public var takenBack = 0
  public var unknownFates = 0
  public var resubscriptions = 0
  /// Requests that were slow enough for the log of them.
  public var slowRequests = 0
  /// Clients with an upstream of their own.
  public var sessions = 0
  /// How long the loops' turns take.
  public var turns = LatencyHistogram()

  init(of workers: [WorkerReport]) {
    for worker in workers {
      clients += worker.clients
      accepted += worker.accepted
      lanes += worker.lanes
      lent += worker.lent
      holding += worker.holding
      heldBytes += worker.heldBytes
      absentFor = [absentFor, worker.absentFor].compactMap { $0 }.max()
      outputBytes += worker.outputBytes
      lag = max(lag, worker.lag)
      for reason in RouteReason.allCases { routed[reason] += worker.counters.routed[reason] }
      requests += worker.nodes.reduce(0) { $0 + $1.traffic.allRequests }
      readsAskedAgain += worker.counters.readsAskedAgain
      held += worker.counters.held
      takenBack += worker.counters.takenBack
      unknownFates += worker.counters.unknownFates
      resubscriptions += worker.counters.resubscriptions
      slowRequests += worker.slowRequests
      sessions += worker.sessions
      turns.add(worker.turns)
    }
  }
}
