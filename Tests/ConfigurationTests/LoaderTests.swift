import Testing

@testable import Configuration

@Suite struct LoaderTests {
  @Test func everythingInAFile() throws {
    let configuration = try load(
      yaml: """
        listen: ["0.0.0.0:7000", unix:/run/amb.sock, {address: "[::1]:7001"}, {address: 127.0.0.1:7002, reads: primary},
          {consistency: eventual, address: 127.0.0.1:7003, reads: }]
        threads: 2
        topology:
          static: {primary: "redis-0:6380", replicas: [redis-1, "[2001:db8::7]:6381"]}
        upstream: {username: app, password-file: /run/secrets/redis, timeout: 250ms, connect-timeout: 2s}
        reads: {policy: any, consistency: eventual, max-lag: 1500ms}
        limits: {client-output: 1MiB, memory: 10MB}
        log: {level: debug, format: json}
        shutdown: {drain: 1m}
        """
    ).get()
    #expect(
      configuration.listen == [
        Listener(.tcp(Endpoint(host: "0.0.0.0", port: 7000))), Listener(.unix(path: "/run/amb.sock")),
        Listener(.tcp(Endpoint(host: "::1", port: 7001))),
        Listener(.tcp(Endpoint(host: "127.0.0.1", port: 7002)), reads: .primary),
        Listener(.tcp(Endpoint(host: "127.0.0.1", port: 7003)), consistency: .eventual),
      ])
    #expect(configuration.threads == .count(2))
    #expect(configuration.topology.asStatic.primary == Endpoint(host: "redis-0", port: 6380))
    #expect(
      configuration.topology.asStatic.replicas == [
        Endpoint(host: "redis-1", port: 6379), Endpoint(host: "2001:db8::7", port: 6381),
      ])
    #expect(configuration.upstream.username == "app")
    #expect(configuration.upstream.passwordFile == "/run/secrets/redis")
    #expect(configuration.upstream.timeout == .milliseconds(250))
    #expect(configuration.upstream.connectTimeout == .seconds(2))
    #expect(configuration.reads.policy == .any)
    #expect(configuration.reads.consistency == .eventual)
    #expect(configuration.reads.maxLag == .milliseconds(1500))
    #expect(configuration.limits.clientOutput == 1 << 20)
    #expect(configuration.limits.memory == 10_000_000)
    #expect(configuration.log.level == .debug)
    #expect(configuration.log.format == .json)
    #expect(configuration.shutdown.drain == .seconds(60))
  }

  @Test func defaults() throws {
    let configuration = try load(flags: [("primary", "redis-0")]).get()
    #expect(configuration == AmbassadorConfiguration(primary: Endpoint(host: "redis-0", port: 6379)))
    #expect(configuration.listen == [Listener(.tcp(Endpoint(host: "127.0.0.1", port: 6379)))])
    #expect(configuration.threads == .auto)
    #expect(configuration.topology.asStatic.replicas == [])
    #expect(
      configuration.upstream
        == .init(username: nil, passwordFile: nil, timeout: .seconds(1), connectTimeout: .seconds(1), maxPinned: 1000))
    #expect(configuration.failover == .init(hold: .seconds(10), holdBytes: 64 << 20))
    #expect(configuration.reads.policy == .preferReplica)
    #expect(configuration.reads.consistency == .readYourWrites)
    #expect(configuration.reads.maxLag == nil)
    #expect(configuration.limits == .init(clientOutput: 64 << 20, memory: 256 << 20))
    #expect(configuration.log == .init(level: .info, format: .text))
    #expect(configuration.shutdown.drain == .seconds(10))
  }

  @Test func sentinel() throws {
    let given = try load(
      yaml: """
        topology:
          sentinel: {addresses: [s1, "s2:5"], master-name: myMaster, username: u, password-file: /run/secrets/s}
        """
    ).get()
    guard case .sentinel(let sentinel) = given.topology else {
      Issue.record("\(given.topology)")
      return
    }
    #expect(sentinel.addresses == [Endpoint(host: "s1", port: 26379), Endpoint(host: "s2", port: 5)])
    #expect(sentinel.masterName == "myMaster" && sentinel.username == "u")
    #expect(sentinel.passwordFile == "/run/secrets/s")
    #expect(try load(yaml: ConfigurationReference.effective(given)).get() == given)
    let least = try load(environment: ["REDIS_AMB_TOPOLOGY_SENTINEL_ADDRESSES": "a:1, b:2"]).get()
    #expect(
      least == AmbassadorConfiguration(sentinels: [Endpoint(host: "a", port: 1), Endpoint(host: "b", port: 2)]))
    #expect(least.topology.asSentinel.masterName == "mymaster")
  }

  @Test func dns() throws {
    let given = try load(yaml: "topology: {dns: {primary: redis-headless, replicas: 'more:1', refresh: 10s}}").get()
    guard case .dns(let dns) = given.topology else {
      Issue.record("\(given.topology)")
      return
    }
    #expect(dns.primary == Endpoint(host: "redis-headless", port: 6379))
    #expect(dns.replicas == [Endpoint(host: "more", port: 1)] && dns.refresh == .seconds(10))
    #expect(try load(yaml: ConfigurationReference.effective(given)).get() == given)
    let many = try load(yaml: "topology: {dns: {primary: 'a:1', replicas: [b, 'a:1']}}").get()
    #expect(many.topology.asDNS.names.map(\.description) == ["a:1", "b:6379"])
    #expect(
      try load(environment: ["REDIS_AMB_TOPOLOGY_DNS_PRIMARY": "a:1"]).get()
        == AmbassadorConfiguration(name: Endpoint(host: "a", port: 1)))
  }

  @Test func flagsOverEnvironmentOverFileOverDefaults() throws {
    let file = minimal + "threads: 2\nlog: {level: debug}\nupstream: {timeout: 5s, username: app}\n"
    let variables = [
      "REDIS_AMB_THREADS": "3", "REDIS_AMB_UPSTREAM_TIMEOUT": "6s", "REDIS_AMB_UPSTREAM_USERNAME": "",
      "REDIS_AMB_TOPOLOGY_STATIC_REPLICAS": "d:1, e:2", "PATH": "/bin",
    ]
    let configuration = try load(
      yaml: file, environment: variables,
      flags: [("threads", "4"), ("listen", "127.0.0.1:1,[::1]:2"), ("listen", "localhost:3")]
    ).get()
    #expect(configuration.threads == .count(4))
    #expect(configuration.upstream.timeout == .seconds(6))
    #expect(configuration.upstream.username == nil)
    #expect(configuration.log.level == .debug)
    #expect(configuration.listen.map(\.address.description) == ["127.0.0.1:1", "[::1]:2", "localhost:3"])
    #expect(configuration.topology.asStatic.replicas.map(\.description) == ["d:1", "e:2"])
  }

  @Test func whatLosesMustBeValidToo() {
    let text = errors(yaml: minimal + "threads: none\n", flags: [("threads", "4")])
    #expect(text == "amb.yaml:2:10: threads: found \"none\", expected a whole number from 1 to 64, or auto")
  }

  @Test func nothingIsAnEmptyListOrNotSet() throws {
    let configuration = try load(
      yaml: "topology: {static: {primary: redis-0, replicas: }}\nupstream: {username: ~, password-file: \"\"}\nlog:\n"
    ).get()
    #expect(configuration == AmbassadorConfiguration(primary: Endpoint(host: "redis-0", port: 6379)))
  }

  @Test func namesAreUniqueInEveryForm() {
    let flags = Setting.all.flatMap { [$0.flagName] + ($0.alias.map { [$0] } ?? []) }
    #expect(Set(flags).count == flags.count)
    #expect(Set(Setting.all.map(\.environmentName)).count == Setting.all.count)
    #expect(!flags.contains("config") && !flags.contains("help") && !flags.contains("version"))
    #expect(!Setting.all.map(\.environmentName).contains(ConfigurationLoader.fileEnvironmentName))
    #expect(
      Setting.all.first { $0.key == "upstream.password-file" }?.environmentName == "REDIS_AMB_UPSTREAM_PASSWORD_FILE")
  }

  @Test func kubernetesVariablesAreNobodysMistake() throws {
    let variables = [
      "REDIS_AMB_SERVICE_HOST": "10.0.0.1", "REDIS_AMB_SERVICE_PORT": "6379", "REDIS_AMB_SERVICE_PORT_REDIS": "6379",
      "REDIS_AMB_PORT": "tcp://10.0.0.1:6379", "REDIS_AMB_PORT_6379_TCP": "tcp://10.0.0.1:6379",
      "REDIS_AMB_PORT_6379_TCP_PROTO": "tcp", "REDIS_AMB_PORT_6379_TCP_PORT": "6379",
      "REDIS_AMB_PORT_6379_TCP_ADDR": "10.0.0.1", "REDIS_AMB_CACHE_SERVICE_HOST": "10.0.0.2",
      "REDIS_AMB_CONFIG": "/etc/amb.yaml",
    ]
    #expect(errors(yaml: minimal, environment: variables) == "")
    #expect(
      errors(yaml: minimal, environment: ["REDIS_AMB_PORT": "7"]) == "environment REDIS_AMB_PORT: unknown setting")
  }

  @Test func flagsAmongArguments() {
    let (flags, errors) = SettingFlags.parse([
      "--threads", "2", "--primary=a:1", "--upstream-username=", "--no-such", "-x", "stray", "conf.yaml", "--log-level",
    ])
    #expect(flags.map(\.name) == ["threads", "primary", "upstream-username", "no-such"])
    #expect(flags.map(\.value) == ["2", "a:1", "", "-x"])
    #expect(
      errors.map(\.description) == [
        "unexpected argument \"stray\"",
        "unexpected argument \"conf.yaml\"; a file is given as --config FILE",
        "flag --log-level: log.level: found nothing, expected debug, info, warning or error",
      ])
  }
}
