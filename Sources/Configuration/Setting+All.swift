extension Setting {
  /// The declaration: one row a setting, in the order of the sample and the reference.
  ///
  /// To add a setting, add its field to `AmbassadorConfiguration` and its row here, then regenerate the sample and the
  /// reference (`ReferenceTests` says how). What the product does not do yet has no row: unknown keys are errors.
  public static let all: [Setting] = [
    Setting(
      "listen", .list(.listener(defaultPort: 6379), atLeast: 1, by: \.address.description), into: \.listen,
      default: [Listener(.tcp(Endpoint(host: "127.0.0.1", port: 6379)))], reload: .restart,
      help: """
        Where the app connects. In a pod the loopback address is all that is needed; 0.0.0.0 or [::] would let other \
        pods in. In the file, an entry may also be a map, for an address whose clients are to be served by other rules \
        than reads.policy and reads.consistency: {address: 127.0.0.1:6380, reads: primary, consistency: eventual}, \
        where reads and consistency may be left out and take the same words as those settings. With require-auth: true \
        clients there can do nothing before AUTH or HELLO ... AUTH with a user of the nodes.
        """),
    Setting(
      "threads", .threads(1...64), into: \.threads, default: .auto, reload: .restart,
      help: """
        Event loops, one a thread. auto: as many whole CPUs as the container's quota gives (limits.cpu in a pod), one at \
        least, and one where there is no quota. One is enough for most pods: the kernel is nine tenths of the cost.
        """),

    Setting(
      "topology.static.primary", .endpoint(defaultPort: 6379), into: \.topology.asStatic.primary,
      example: Endpoint(host: "redis-0.redis", port: 6379), alias: "primary", reload: .live,
      help: "The node that takes the writes. Of topology.static, topology.sentinel and topology.dns exactly one is set."
    ),
    Setting(
      "topology.static.replicas", .list(.endpoint(defaultPort: 6379)), into: \.topology.asStatic.replicas,
      default: [], alias: "replica", reload: .live,
      help: "The nodes that reads may go to. Empty: those that follow the primary, as it names them."),

    Setting(
      "topology.sentinel.addresses", .list(.endpoint(defaultPort: 26379), atLeast: 1),
      into: \.topology.asSentinel.addresses, example: [Endpoint(host: "redis-sentinel", port: 26379)], reload: .live,
      help: """
        Some or all of the Sentinels, or one name that stands for many (a headless service) or for a different one each \
        time (a service with one address). The others are learned from these. Whom Sentinel names with the highest \
        config epoch is the primary while it says so itself.
        """),
    Setting(
      "topology.sentinel.master-name", .string, into: \.topology.asSentinel.masterName, default: "mymaster",
      reload: .live,
      help: "What Sentinel calls the primary and its replicas. Upper and lower case matter."),
    Setting(
      "topology.sentinel.username", .optional(.string), into: \.topology.asSentinel.username, default: nil,
      reload: .live,
      help: "The ACL user to authenticate to the Sentinels as, with a password-file. Not set: the default user."),
    Setting(
      "topology.sentinel.password-file", .optional(.path), into: \.topology.asSentinel.passwordFile, default: nil,
      reload: .live,
      help: """
        A file that holds the password for the Sentinels. Not set: no authentication; the password for the nodes \
        (upstream.password-file) is never tried on Sentinels.
        """),

    Setting(
      "topology.dns.primary", .endpoint(defaultPort: 6379), into: \.topology.asDNS.primary,
      example: Endpoint(host: "redis-headless", port: 6379), reload: .live,
      help: """
        A name that stands for all nodes (a headless service), or for the primary. The nodes are all that the names stand \
        for; the primary is the only one of them that says so and whose replicas agree.
        """),
    Setting(
      "topology.dns.replicas", .oneOrMore(.endpoint(defaultPort: 6379)), into: \.topology.asDNS.replicas, default: [],
      reload: .live,
      help: "Further names that stand for nodes, where the first does not stand for all of them."),
    Setting(
      "topology.dns.refresh", .duration(.milliseconds(100) ... .seconds(3600)), into: \.topology.asDNS.refresh,
      default: .seconds(5), reload: .live,
      help: """
        How often the names are looked up, besides at once when a node is lost and while there is no primary. A name that \
        cannot be looked up stands for what it stood for before.
        """),

    Setting(
      "upstream.username", .optional(.string), into: \.upstream.username, default: nil, reload: .live,
      help: "The ACL user to authenticate to the nodes as, with a password-file. Not set: the default user."),
    Setting(
      "upstream.password-file", .optional(.path), into: \.upstream.passwordFile, default: nil, reload: .live,
      help: """
        A file that holds the password for the nodes, with or without a newline at its end. Not set: no \
        authentication. There is no setting for the password itself: it would show in process lists and manifests.
        """),
    Setting(
      "upstream.timeout", .duration(.milliseconds(1) ... .seconds(3600)), into: \.upstream.timeout,
      default: .seconds(1), reload: .live,
      help: """
        How long a replica may be silent with requests waiting before its connection is given up (after 100 ms already \
        they are asked elsewhere). The primary gets ten times as long: nobody else can answer for it.
        """),
    Setting(
      "upstream.connect-timeout", .duration(.milliseconds(1) ... .seconds(3600)), into: \.upstream.connectTimeout,
      default: .seconds(1), reload: .live,
      help: "How long connecting to a node may take, authentication included."),
    Setting(
      "upstream.max-pinned", .integer(1...1_000_000), into: \.upstream.maxPinned, default: 1000, reload: .live,
      help: """
        How many connections may be lent to single clients at the same time: for MULTI, blocking commands, SUBSCRIBE and \
        whatever else redis-server keeps for a connection. Past it, such commands get -AMBBUSY. What needs one for a single \
        answer only (AUTH, SCRIPT KILL, CLIENT PAUSE, a request of more than 1 MiB) still gets it, up to 32 more on each \
        thread. The bound is divided by threads, and clients are not: with some of them, one may be full before the others.
        """),

    Setting(
      "reads.policy", .word(AmbassadorConfiguration.ReadPolicy.self), into: \.reads.policy, default: .preferReplica,
      reload: .live,
      help: """
        Where reads go. primary: never to a replica. prefer-replica: to a replica, or to the primary when none is fit. \
        replica: only to a replica, an error when none is fit. any: to whichever node is least busy. Under every policy, \
        reads.consistency may send a read to the primary.
        """),
    Setting(
      "reads.consistency", .word(AmbassadorConfiguration.Consistency.self), into: \.reads.consistency,
      default: .readYourWrites, reload: .live,
      help: """
        What a read may miss. read-your-writes: nothing that this ambassador acknowledged before the read was sent, \
        to whichever of its clients; right after a write its keys are read from the primary, with reads.policy replica \
        too, until a replica is proven to have the write. What others wrote, past this ambassador, may be missed. \
        eventual: whatever the replica has not got yet, the app's own last write included; no read leaves the replicas \
        for that.
        """),
    Setting(
      "reads.max-lag", .orOff(.duration(.milliseconds(100) ... .seconds(3600))), into: \.reads.maxLag, default: nil,
      reload: .live,
      help: """
        A replica that is proven to be further behind the primary than this is not read, whatever reads.consistency \
        says; it is read again when it is proven to be within. Nodes are asked every half of this, once a second at \
        the least, and the proof comes two of these intervals late at the most. When all replicas lag, reads go to the primary, or fail \
        with reads.policy replica; while there is no primary, those that are the least behind are read all the same. \
        off: no bound.
        """),

    Setting(
      "failover.hold", .duration(.zero ... .seconds(3600)), into: \.failover.hold, default: .seconds(10), reload: .live,
      help: """
        While there is no primary, requests that need one wait, until so long after it was lost; then they are refused, and \
        later ones at once. 0s: nobody waits.
        """),
    Setting(
      "failover.hold-bytes", .size(0...1 << 40), into: \.failover.holdBytes, default: 64 << 20, reload: .live,
      help: """
        The most bytes of requests that wait for a primary, or may have to; past it, further ones are refused. A quarter of \
        it is for requests of 64 KiB to 1 MiB that are on their way: past that, these pass through as they arrive and are not \
        kept, so that they cannot be asked again.
        """),

    Setting(
      "limits.client-output", .size(64 * 1024...1 << 40), into: \.limits.clientOutput, default: 64 << 20,
      reload: .live,
      help: "The most reply bytes held for one client that keeps sending and does not read; past it, it is closed."),
    Setting(
      "limits.memory", .size(1 << 20...1 << 40), into: \.limits.memory, default: 256 << 20, reload: .live,
      help: "The most reply bytes held for all clients together; a client for which more would be held is closed."),

    Setting(
      "admin.socket", .orNone(.socketPath), into: \.admin.socket, default: AmbassadorConfiguration.Admin.defaultSocket,
      reload: .restart,
      help: """
        The control socket: a Unix socket that speaks RESP (redis-cli -s PATH HELP), for redis-amb status, top, explain, \
        reload, pause, resume and drain. Only its owner may connect (mode 0600). Its directory is made if it can be. Where the \
        default cannot be had, the ambassador says so and runs without; another path that cannot be had is an error. none: \
        no control socket.
        """),

    Setting(
      "admin.http", .orNone(.listenAddress(defaultPort: 9121)), into: \.admin.http,
      default: AmbassadorConfiguration.Admin.defaultHTTP, reload: .restart,
      help: """
        Where probes (/livez, /readyz, /startupz), Prometheus (/metrics) and people (/) ask. Kubernetes and Prometheus come from \
        outside of the pod: 0.0.0.0:9121 there. What can be read are states, names of nodes and numbers, never keys, values or \
        secrets. Where the default cannot be had, the ambassador says so and runs without; another address that cannot be had \
        is an error. none: no HTTP.
        """),

    Setting(
      "log.level", .word(AmbassadorConfiguration.LogLevel.self), into: \.log.level, default: .info, reload: .live,
      help: "The least important lines to write. A steady state is silent at info."),
    Setting(
      "log.format", .word(AmbassadorConfiguration.LogFormat.self), into: \.log.format, default: .text, reload: .live,
      help: "One line an event to stderr: text for people, json for collectors."),

    Setting(
      "reload.drain", .duration(.zero ... .seconds(3600)), into: \.reload.drain, default: .seconds(30), reload: .live,
      help: """
        When a reload puts another primary in the place of the present one: how long open transactions and blocking \
        commands may go on where they began. After that, blocking commands are asked again at the new primary, and \
        transactions are discarded: EXEC answers -EXECABORT.
        """),

    Setting(
      "shutdown.drain", .duration(.zero ... .seconds(3600)), into: \.shutdown.drain, default: .seconds(10),
      reload: .live,
      help: "On SIGTERM, how long clients may take to finish before they are closed. Keep it below the pod's own grace."
    ),
    Setting(
      "shutdown.linger", .duration(.zero ... .seconds(3600)), into: \.shutdown.linger, default: .zero, reload: .live,
      help: """
        On SIGTERM, how long to serve on as if nothing had happened, before shutdown.drain begins: for a container that is told \
        to end at the same moment as the app, which may still need Redis. It is over as soon as no client has been \
        connected for two seconds.
        """),
  ]
}
