import Testing

@testable import Configuration

@Suite struct ErrorTests {
  @Test func allAtOnceFromEverySource() {
    let text = errors(
      yaml: """
        listen: ["127.0.0.1:6379", 127.0.0.1:6379, {addres: x}, "::1"]
        threads: 99
        threads: 2
        topology:
          static:
            primary: redis://user:hunter2@redis-0
            replicas: redis-1:6379
          sentinel: {addresses: [a:1], password: hunter2}
        upsteam:
          timeout: 1s
        upstream:
          timeout: 5
          conect-timeout: 5s
          password: hunter2
        reads: any
        timeout: 3s
        log.level: debug
        limits: {client-output: 64Mi, memory: [1]}
        log:
          level: warn
        """,
      environment: ["REDIS_AMB_THREDS": "1", "REDIS_AMB_LOG_FORMAT": "yaml"],
      flags: [("shutdown-drain", "10"), ("upstream-timeot", "1s"), ("threads", "1"), ("threads", "2")])
    #expect(
      text == """
        amb.yaml:1:28: listen: found "127.0.0.1:6379", expected each only once
        amb.yaml:1:44: listen: found a map, expected host:port (port 6379 if left out) or unix:/path; a map here needs "address"
        amb.yaml:1:45: listen: found "addres", expected only address, reads, consistency or require-auth here; did you mean "address"?
        amb.yaml:1:57: listen: found "::1", expected host:port (port 6379 if left out) or unix:/path; an IPv6 address goes in brackets: [::1]
        amb.yaml:2:10: threads: found "99", expected a whole number from 1 to 64, or auto
        amb.yaml:3:1: threads: given twice, first at amb.yaml:2:1
        amb.yaml:6:14: topology.static.primary: found "***@redis-0", expected host:port, with an IPv6 address in brackets (port 6379 if left out); leave out the scheme
        amb.yaml:7:15: topology.static.replicas: found "redis-1:6379", expected a list, each host:port, with an IPv6 address in brackets (port 6379 if left out); write [redis-1:6379]
        amb.yaml:8:32: topology.sentinel.password: unknown setting; did you mean "topology.sentinel.password-file"?
        amb.yaml:9:1: upsteam: unknown setting; did you mean "upstream"?
        amb.yaml:12:12: upstream.timeout: found "5", expected a duration from 1ms to 1h, such as 500ms, 2s or 1m; a duration needs a unit: ms, s, m or h
        amb.yaml:13:3: upstream.conect-timeout: unknown setting; did you mean "upstream.connect-timeout"?
        amb.yaml:14:3: upstream.password: unknown setting; did you mean "upstream.password-file"?
        amb.yaml:15:8: reads: found "any", expected a section of policy, consistency, max-lag
        amb.yaml:16:1: timeout: unknown setting; did you mean "upstream.timeout"?
        amb.yaml:17:1: log.level: unknown setting; in the file, write "level" under "log"
        amb.yaml:18:25: limits.client-output: found "64Mi", expected a size from 64KiB to 1TiB, such as 64MiB, 10MB or 65536; did you mean "64MiB"?
        amb.yaml:18:39: limits.memory: found a list, expected a size from 1MiB to 1TiB, such as 64MiB, 10MB or 65536
        amb.yaml:20:10: log.level: found "warn", expected debug, info, warning or error
        environment REDIS_AMB_THREDS: unknown setting; did you mean "REDIS_AMB_THREADS"?
        environment REDIS_AMB_LOG_FORMAT: log.format: found "yaml", expected text or json
        flag --upstream-timeot: unknown setting; did you mean "--upstream-timeout"?
        flag --threads: threads: given twice, first at flag --threads
        flag --shutdown-drain: shutdown.drain: found "10", expected a duration from 0s to 1h, such as 500ms, 2s or 1m; a duration needs a unit: ms, s, m or h
        amb.yaml:8:25: topology.sentinel.addresses: topology takes exactly one source, and topology.static.primary is set at amb.yaml:6:14
        """)
    #expect(!text.contains("hunter2"))
  }

  @Test func listenersOfTheirOwnRules() {
    #expect(
      errors(
        yaml: minimal + """
          listen:
          - {address: localhost, reads: primary}
          - {address: "localhost:6379", consistency: eventual}
          - {address: 127.0.0.1:1, raeds: primary, consistency: eventualy}
          - {address: 127.0.0.1:2, require-auth: maybe, reads: [primary]}
          - {reads: replica}
          - {address: , consistency: read-your-wirtes}
          - {address: 127.0.0.1:3, reads: any, reads: primary}
          - {address: "127.0.0.1:2"}
          - [127.0.0.1:4]
          reads: {consistency: strong, max-lag: 50ms, max-lga: 1s}
          """) == """
          amb.yaml:4:3: listen: found "localhost:6379", expected each only once
          amb.yaml:5:26: listen: found "raeds", expected only address, reads, consistency or require-auth here; did you mean "reads"?
          amb.yaml:5:55: listen: found "eventualy", expected read-your-writes or eventual; did you mean "eventual"?
          amb.yaml:6:40: listen: found "maybe", expected true or false
          amb.yaml:6:54: listen: found a list, expected primary, prefer-replica, replica or any
          amb.yaml:7:3: listen: found a map, expected host:port (port 6379 if left out) or unix:/path; a map here needs "address"
          amb.yaml:8:13: listen: found nothing, expected host:port (port 6379 if left out) or unix:/path
          amb.yaml:8:28: listen: found "read-your-wirtes", expected read-your-writes or eventual; did you mean "read-your-writes"?
          amb.yaml:9:38: listen.reads: given twice, first at amb.yaml:9:26
          amb.yaml:10:3: listen: found "127.0.0.1:2", expected each only once
          amb.yaml:11:3: listen: found a list, expected host:port (port 6379 if left out) or unix:/path
          amb.yaml:12:22: reads.consistency: found "strong", expected read-your-writes or eventual
          amb.yaml:12:39: reads.max-lag: found "50ms", expected a duration from 100ms to 1h, such as 500ms, 2s or 1m, or off
          amb.yaml:12:45: reads.max-lga: unknown setting; did you mean "reads.max-lag"?
          """)
    // A variable and a flag have no form for it.
    #expect(
      errors(yaml: minimal, flags: [("listen", "{address: 127.0.0.1:1}")]) == """
        flag --listen: listen: found "{address: 127.0.0.1:1}", expected host:port (port 6379 if left out) or unix:/path
        """)
  }

  @Test func whatIsMissing() {
    let missing = """
      topology.static.primary: not set, expected host:port, with an IPv6 address in brackets (port 6379 if left out); \
      set it in the file, as REDIS_AMB_TOPOLOGY_STATIC_PRIMARY or as --primary, or set topology.sentinel.addresses or topology.dns.primary
      """
    #expect(errors(yaml: "threads: 1") == missing)
    #expect(errors() == missing)
    #expect(
      errors(flags: [("topology-sentinel-master-name", "x")]) == """
        topology.sentinel.addresses: not set, expected a list, each host:port, with an IPv6 address in brackets (port 26379 \
        if left out); set it in the file, as REDIS_AMB_TOPOLOGY_SENTINEL_ADDRESSES or as --topology-sentinel-addresses
        """)
    #expect(
      errors(yaml: "topology: {static: {primary: }}") == """
        amb.yaml:1:30: topology.static.primary: found nothing, expected host:port, with an IPv6 address in brackets \
        (port 6379 if left out)
        """)
    #expect(
      errors(yaml: minimal, flags: [("threads", ""), ("listen", "")]) == """
        flag --listen: listen: found an empty list, expected a list, each host:port (port 6379 if left out) or unix:/path
        flag --threads: threads: found nothing, expected a whole number from 1 to 64, or auto
        """)
  }

  @Test func topologyTakesOneSource() {
    #expect(
      errors(yaml: minimal, flags: [("topology-sentinel-addresses", "s1,s2")]) == """
        amb.yaml:1:30: topology.static.primary: topology takes exactly one source, and topology.sentinel.addresses is \
        set at flag --topology-sentinel-addresses
        """)
    #expect(
      errors(flags: [("topology-sentinel-addresses", "s1,s2"), ("topology-dns-primary", "a")]) == """
        flag --topology-dns-primary: topology.dns.primary: topology takes exactly one source, and \
        topology.sentinel.addresses is set at flag --topology-sentinel-addresses
        """)
    #expect(
      errors(flags: [("topology-sentinel-addresses", "127.0.0.1:6379,s2")]) == """
        flag --topology-sentinel-addresses: topology.sentinel.addresses: found "127.0.0.1:6379", expected a Sentinel, not \
        the address that the ambassador listens on; it would connect to itself: change "listen" or the Sentinel's port
        """)
  }

  @Test(arguments: [
    ("127.0.0.1:6379", "127.0.0.1:6379"), ("localhost:6379", "[::1]:6379"), ("127.0.0.1:7", "0.0.0.0:7"),
    ("10.0.0.7:6379", "10.0.0.7:6379"),
  ]) func aNodeIsNotTheAmbassadorItself(_ primary: String, _ listen: String) {
    #expect(
      errors(flags: [("primary", primary), ("listen", listen)]) == """
        flag --primary: topology.static.primary: found "\(primary)", expected a node, not the address that the \
        ambassador listens on; it would connect to itself: change "listen" or the node's port
        """)
    #expect(errors(flags: [("primary", primary), ("listen", "127.0.0.1:9")]) == "")
    #expect(
      errors(yaml: "listen: [127.0.0.1:9, {address: \"\(listen)\", reads: primary}]", flags: [("primary", primary)])
        .contains("expected a node, not the address that the ambassador listens on"))
  }

  @Test func aUserNeedsAPasswordFile() {
    let expected = "beside it; for a user without a password any text in the file does"
    #expect(
      errors(yaml: minimal + "upstream: {username: app}\n") == """
        amb.yaml:2:22: upstream.username: found "app", expected upstream.password-file \(expected)
        """)
    #expect(errors(yaml: minimal, flags: [("upstream-username", "app"), ("upstream-password-file", "/a")]) == "")
    let sentinel: [(name: String, value: String)] = [("topology-sentinel-addresses", "s")]
    #expect(
      errors(flags: sentinel + [("topology-sentinel-username", "app"), ("upstream-password-file", "/a")]) == """
        flag --topology-sentinel-username: topology.sentinel.username: found "app", expected \
        topology.sentinel.password-file \(expected)
        """)
  }

  @Test(arguments: [
    ("", "amb.yaml: holds no settings"),
    ("# only a comment\n", "amb.yaml: holds no settings"),
    ("---\n", "amb.yaml: holds no settings"),
    ("{}", "topology.static.primary: not set"),
    ("- listen\n", "amb.yaml:1:1: found a list, expected settings, such as \"threads: 1\""),
    ("listen\n", "amb.yaml:1:1: found \"listen\", expected settings, such as \"threads: 1\""),
    ("log:\n\tlevel: info\n", "amb.yaml:2:1: a tab: YAML is indented with spaces"),
    ("log: {level: [}\n", "amb.yaml:1:15: not YAML: while parsing a flow node, did not find expected node content"),
    ("log: \"info\n", "amb.yaml:2:1: not YAML: while scanning a quoted scalar, found unexpected end of stream"),
    ("a: 1\n  b: 2\n", "amb.yaml:2:4: not YAML: mapping values are not allowed in this context"),
    ("a: &x 1\n", "amb.yaml:1:4: anchors (&name) are not supported: write the value out each time"),
    ("a: *x\n", "amb.yaml:1:4: aliases (*name) are not supported: write the value out"),
    ("a: !!int 1\n", "amb.yaml:1:4: tags (!name) are not supported: a setting knows its type"),
    ("a: 1\n---\nb: 2\n", "amb.yaml:2:1: a second document: a configuration is only one"),
    ("[a]: 1\n", "amb.yaml:1:1: a key must be a word"),
    ("\"\": 1\n", "amb.yaml:1:1: a key must be a word"),
    ("a: 1\u{0}\n", "amb.yaml:1:5: control character 0x0 is not allowed"),
    ("a: \u{e9}\u{7f}\n", "amb.yaml:1:5: control character 0x7F is not allowed"),
    ("a:\n- \u{fffe}\n", "amb.yaml:2:3: control characters are not allowed"),
    ("a: " + String(repeating: "[", count: 100_000), "amb.yaml:1:19: nested deeper than 16 levels"),
    (String(repeating: "- ", count: 100_000), "amb.yaml:1:33: nested deeper than 16 levels"),
    (String(repeating: "? ", count: 100_000), "amb.yaml:1:3: a key must be a word"),
    (String(repeating: "{a: ", count: 100), "amb.yaml:1:65: nested deeper than 16 levels"),
  ]) func whatIsNoConfiguration(_ yaml: String, _ start: String) {
    let text = errors(yaml: yaml)
    #expect(text.hasPrefix(start))
  }

  @Test(
    arguments: [
      ([0x61, 0x3A, 0x20, 0xFF], "amb.yaml:1:4: byte 0xFF is not UTF-8"),
      ([0x61, 0x3A, 0x20, 0xC3, 0xA9, 0x0A, 0x62, 0xC3], "amb.yaml:2:2: byte 0xC3 is not UTF-8"),
      ([0xFF, 0xFE, 0x61, 0x00], "amb.yaml:1:1: byte 0xFF is not UTF-8"),
      ([0xEF, 0xBB, 0xBF, 0x62, 0x3A, 0x20, 0x31], "amb.yaml:1:1: b: unknown setting"),
    ] as [([UInt8], String)]) func bytesThatAreNoText(_ bytes: [UInt8], _ start: String)
  {
    #expect(load(bytes: bytes).errorText.hasPrefix(start))
  }

  @Test func errorsStayOnTheirLineAndShort() {
    let text = errors(
      yaml: minimal + "log: {level: \"a\\nb\\u202e\(String(repeating: "x", count: 200))\"}\n\"k\\0\": 1\n")
    #expect(
      text == """
        amb.yaml:2:14: log.level: found "a\\u{A}b\\u{202E}\(String(repeating: "x", count: 56))...", expected debug, info, \
        warning or error; control characters are not allowed
        amb.yaml:3:1: k\\u{0}: unknown setting
        """)
  }

  @Test func manyErrorsAreCounted() {
    let lines = (0..<60).map { "zzzzzz\($0): 1\n" }.joined()
    #expect(errors(yaml: lines + minimal).hasSuffix("amb.yaml:50:1: zzzzzz49: unknown setting\n... and 10 more"))
  }

  @Test func filesThatCannotBeRead() {
    func errors(_ path: String) -> String {
      ConfigurationLoader.load(file: path, environment: [:], flags: [("threads", "0")]).errorText
    }
    let threads = "\nflag --threads: threads: found \"0\", expected a whole number from 1 to 64, or auto"
    #expect(errors("/nowhere/amb.yaml") == "/nowhere/amb.yaml: cannot be read: No such file or directory" + threads)
    #expect(errors("/") == "/: cannot be read: Is a directory" + threads)
    #expect(errors("/dev/zero") == "/dev/zero: is larger than 256 KiB" + threads)
    #expect(errors("/dev/null") == "/dev/null: holds no settings" + threads)
    #expect(errors("a\u{0}b").contains("cannot be read: Invalid argument"))
  }

  @Test func secretsAreNotShown() {
    let setting = Setting(
      "log.level", .word(AmbassadorConfiguration.LogLevel.self), into: \.log.level, default: .info, reload: .live,
      secret: true, help: "")
    let raw = RawValue(content: .text("hunter2"), source: .nowhere)
    var configuration = AmbassadorConfiguration(primary: Endpoint(host: "a", port: 1))
    let errors = ConfigurationLoader.read(raw, as: setting, into: &configuration)
    #expect(errors.map(\.description) == ["log.level: found (hidden), expected debug, info, warning or error"])
    #expect(setting.text(in: configuration) == "(hidden)")
  }
}
