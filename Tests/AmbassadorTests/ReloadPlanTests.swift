import Configuration
import Proxy
import Testing
import Topology

@testable import Ambassador

@Suite("What a reload will do")
struct ReloadPlanTests {
  private static let primary = Endpoint(host: "one", port: 6379)
  private static let old = AmbassadorConfiguration(primary: primary)
  private static let known: Set<NodeAddress> = [
    NodeAddress(host: "one", port: 6379), NodeAddress(host: "two", port: 6379),
  ]

  private static func plan(
    secrets: (old: Secrets, new: Secrets) = (Secrets(), Secrets()), from base: AmbassadorConfiguration = old,
    _ change: (inout AmbassadorConfiguration) -> Void
  ) -> ReloadPlan {
    var new = base
    change(&new)
    return ReloadPlan(from: (base, secrets.old), to: (new, secrets.new), known: known)
  }

  @Test func `the same again changes nothing`() {
    let plan = Self.plan { _ in }
    #expect(plan.isEmpty)
    #expect(!plan.looksAnew)
    #expect(plan.lines == ["nothing changes"])
    #expect(plan.configuration == Self.old)
  }

  static let changes: [(change: @Sendable (inout AmbassadorConfiguration) -> Void, line: String, looksAnew: Bool)] = [
    ({ $0.reads.policy = .any }, "reads.policy: prefer-replica -> any", false),
    ({ $0.reads.consistency = .eventual }, "reads.consistency: read-your-writes -> eventual", false),
    ({ $0.reads.maxLag = .seconds(1) }, "reads.max-lag: off -> 1s", true),
    ({ $0.upstream.timeout = .milliseconds(1500) }, "upstream.timeout: 1s -> 1500ms", true),
    ({ $0.upstream.maxPinned = 7 }, "upstream.max-pinned: 1000 -> 7", false),
    ({ $0.upstream.passwordFile = "/secret" }, "upstream.password-file: (not set) -> /secret", false),
    ({ $0.failover.hold = .zero }, "failover.hold: 10s -> 0s", false),
    ({ $0.log.level = .debug }, "log.level: info -> debug", false),
    ({ $0.reload.drain = .seconds(5) }, "reload.drain: 30s -> 5s", false),
    ({ $0.shutdown.drain = .seconds(5) }, "shutdown.drain: 10s -> 5s", false),
  ]

  @Test(arguments: changes.indices) func `one setting`(_ index: Int) {
    let (change, line, looksAnew) = Self.changes[index]
    let plan = Self.plan(change)
    #expect(plan.lines == [line])
    #expect(plan.looksAnew == looksAnew)
    #expect(!plan.isEmpty)
  }

  @Test func `threads and addresses need a restart, and stay as they are`() {
    let other = Listener(.tcp(Endpoint(host: "127.0.0.1", port: 7000)))
    let plan = Self.plan {
      $0.threads = .count(4)
      $0.listen.append(other)
    }
    #expect(plan.isEmpty)
    #expect(plan.restarts.map(\.key) == ["threads", "listen"] || plan.restarts.map(\.key) == ["listen", "threads"])
    #expect(plan.lines.contains("threads: auto -> 4 needs a restart, and stays as it is"))
    #expect(plan.configuration == Self.old)
  }

  @Test func `how the clients of an address are served changes without a restart`() {
    let plan = Self.plan {
      $0.listen[0].reads = .primary
      $0.listen[0].consistency = .eventual
    }
    #expect(plan.restarts.isEmpty)
    #expect(plan.changes.map(\.key) == ["listen"])
    #expect(plan.configuration.listen[0].reads == .primary)
  }

  @Test func `other nodes: those named are added, those that have no place any more removed`() {
    let two = NodeAddress(host: "two", port: 6379)
    let three = NodeAddress(host: "three", port: 6379)
    let moved = Self.plan { $0 = AmbassadorConfiguration(primary: Endpoint(host: "three", port: 6379)) }
    #expect(moved.added == [three])
    // Its replicas are not known before it is asked; the others may be among them.
    #expect(moved.removed.isEmpty)
    #expect(moved.looksAnew)
    let named = Self.plan {
      $0.topology = .static(
        .init(primary: Endpoint(host: "two", port: 6379), replicas: [Endpoint(host: "three", port: 6379)]))
    }
    #expect(named.added == [three])
    #expect(named.removed == [NodeAddress(host: "one", port: 6379)])
    #expect(!named.removed.contains(two))
  }

  @Test func `from a static topology to Sentinel, each setting of both is told`() {
    let sentinels = [Endpoint(host: "sentinel", port: 26379)]
    let plan = Self.plan { $0 = AmbassadorConfiguration(sentinels: sentinels) }
    #expect(plan.looksAnew)
    let keys = plan.changes.map(\.key)
    #expect(keys.contains("topology.static.primary"))
    #expect(keys.contains("topology.sentinel.addresses"))
    #expect(plan.lines.contains("topology.static.primary: one:6379 -> (not set)"))
  }

  @Test func `another secret in the same file is a change, and is not told`() {
    var (old, new) = (Secrets(), Secrets())
    old.upstream = UpstreamCredentials(username: [], password: Array("first".utf8))
    new.upstream = UpstreamCredentials(username: [], password: Array("second".utf8))
    var base = Self.old
    base.upstream.passwordFile = "/secret"
    let plan = Self.plan(secrets: (old, new), from: base) { _ in }
    #expect(plan.secrets == ["upstream.password-file"])
    #expect(plan.looksAnew)
    #expect(!plan.isEmpty)
    #expect(!plan.description.contains("first") && !plan.description.contains("second"))
  }

  @Test func `another secret is told beside whatever else changes, unless it is in another file`() {
    func credentials(_ user: String, _ password: String) -> UpstreamCredentials {
      UpstreamCredentials(username: Array(user.utf8), password: Array(password.utf8))
    }
    var (old, new) = (Secrets(), Secrets())
    (old.upstream, old.sentinel) = (credentials("", "first"), credentials("", "first"))
    (new.upstream, new.sentinel) = (credentials("app", "second"), credentials("", "second"))
    var base = AmbassadorConfiguration(sentinels: [Endpoint(host: "sentinel", port: 26379)])
    guard case .sentinel(var sentinel) = base.topology else { return }
    sentinel.passwordFile = "/sentinel"
    base.upstream.passwordFile = "/secret"
    base.topology = .sentinel(sentinel)
    func plan(_ change: (inout AmbassadorConfiguration) -> Void) -> ReloadPlan {
      Self.plan(secrets: (old, new), from: base, change)
    }
    sentinel.masterName = "other"
    let both = ["upstream.password-file", "topology.sentinel.password-file"]
    let besides = plan {
      $0.upstream.timeout = .seconds(2)
      $0.upstream.username = "app"
      $0.topology = .sentinel(sentinel)
    }
    #expect(besides.secrets == both)
    #expect(
      besides.changes.map { $0.key } == ["topology.sentinel.master-name", "upstream.username", "upstream.timeout"])
    sentinel.passwordFile = "/other"
    let elsewhere = plan {
      $0.upstream.passwordFile = "/other"
      $0.topology = .sentinel(sentinel)
    }
    #expect(elsewhere.secrets.isEmpty && elsewhere.looksAnew)
  }

  @Test func `reading one's writes begins everywhere before it is relied on, and ends after`() {
    var settings = WorkerSettings()
    settings.isFencing = true
    let begins = Ambassador.steps(to: settings, wasFencing: false)
    #expect(begins.map(\.settings.isFencing) == [true, true])
    #expect(begins.map(\.usesNewRules) == [false, true])
    settings.isFencing = false
    let ends = Ambassador.steps(to: settings, wasFencing: true)
    #expect(ends.map(\.settings.isFencing) == [true, false])
    #expect(ends.map(\.usesNewRules) == [true, true])
    #expect(Ambassador.steps(to: settings, wasFencing: false).count == 1)
  }
}
