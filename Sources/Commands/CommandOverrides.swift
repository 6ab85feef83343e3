// Every exception to the two rules that the server's flags give, in one place:
//   readonly goes to a replica, everything else to the primary;
//   blocking needs an upstream of its own, everything else is forwarded.
// A row also stands where a rule gives the same today, when `explain` owes people the reason or when a later server's
// flags must not change the answer. Facts behind the reasons: measured on redis-server 7.0.15.

extension CommandOverride {
  static let all: [CommandOverride] = reads + writes + session + sharing + newer + attacks

  // MARK: readonly, but a replica's answer is another answer

  private static let reads: [CommandOverride] = [
    .init(
      "scan", "sscan", "hscan", "zscan", placement: .primary,
      because: "a cursor means something only to the node that issued it: across nodes a scan misses elements"),
    .init(
      "pfcount", placement: .primary, effect: .changes, adding: .mayReplicate,
      because: "it writes the cached cardinality back into the key and may replicate it"),
    .init(
      "eval_ro", "fcall_ro", scope: .countedByThird,
      because: "it reads the keys that it declares; one that declares none may read any"),
    .init(
      "evalsha_ro", scope: .countedByThird,
      because: "scripts are not replicated: where a replica does not have this one, the primary is asked"),
    .init(
      "zunion", "zinter", "zdiff", "zintercard", "sintercard", scope: .countedBySecond,
      because: "it says itself how many keys it reads"),
    .init(
      "sort_ro", scope: .patterned,
      because: "it reads one key, and with BY or GET those that its elements lead to"),
    .init(
      "touch", placement: .primary,
      because: "it refreshes the access time of one node's copy, and the primary's decides what is evicted"),
    .init(
      "object", "object|idletime", "object|freq", placement: .primary,
      because: "access times and frequencies are each node's own, and the primary's decide what is evicted"),
    .init(
      "object|encoding", "object|refcount", "memory", "memory|usage", placement: .primary,
      because: "it describes one node's copy of the value, and a replica may hold it in another encoding"),
    .init(
      "dbsize", placement: .primary,
      because: "a replica counts keys that have expired until the primary's DEL arrives"),
    .init(
      "randomkey", placement: .primary,
      because: "a replica may pick a key that has expired, as it does not delete by itself"),
    .init(
      "keys", placement: .primary,
      because: "a view of the whole keyspace must agree with DBSIZE, SCAN and the last write to any key"),
    .init(
      "xread", pinned: .blocking, handling: .pinnedIfBlocking, scope: .streams,
      because: "with BLOCK it waits, and everything behind it on the same connection waits with it"),
  ]

  // MARK: for the primary, though they look like reads

  private static let writes: [CommandOverride] = [
    .init(
      "sort", "georadius", "georadiusbymember", placement: .primary, scope: .stored,
      because: "it is a write even without STORE, and a replica answers READONLY; its _RO form is the readable one"),
    .init(
      "bitfield", placement: .primary,
      because: "it is a write even with GET alone, and a replica answers READONLY; BITFIELD_RO is the readable form"),
    .init(
      "getex", placement: .primary,
      because: "it is a write even without an option, and a replica answers READONLY"),
    .init(
      "eval", "evalsha", "fcall", placement: .primary, effect: .changes, adding: .mayReplicate,
      because: "a script may write; its _RO form promises not to"),
    .init(
      "publish", "spublish", placement: .primary, adding: .mayReplicate,
      because: "a replica delivers to its own subscribers only, the primary to everyone's"),
    .init(
      "pubsub|channels", "pubsub|numpat", "pubsub|numsub", "pubsub|shardchannels", "pubsub|shardnumsub",
      placement: .primary, because: "every node knows its own subscribers only"),
    .init(
      "zunionstore", "zinterstore", "zdiffstore", scope: .second,
      because: "it changes its first key only, whichever keys it reads"),
    .init(
      "lmpop", "zmpop", scope: .countedBySecond, because: "it takes from the first of so many keys as it says"),
    .init(
      "blmpop", "bzmpop", pinned: .blocking, scope: .countedByThird,
      because: "it takes from the first of so many keys as it says, and waits when all are empty"),
    .init(
      "debug", effect: .changes, because: "some of its subcommands change or reload the data"),
    .init(
      "xreadgroup", placement: .primary, pinned: .blocking, handling: .pinnedIfBlocking, scope: .streams,
      because: "it moves the group's cursor, a write; with BLOCK everything behind it on the connection waits with it"),
    .init(
      "time", "info", "role", "lastsave", placement: .primary,
      because: "it describes one node, and the primary is the one that a client believes it talks to"),
    .init(
      "script|load", "script|flush", placement: .primary, handling: .everywhere,
      because: "every node has scripts of its own, and read-only ones run on replicas: these hear of it too"),
    .init(
      "script|exists", placement: .primary,
      because: "every node has scripts of its own, and a client asks about the primary's"),
    .init(
      "script|kill", "function|kill", placement: .primary, pinned: .interruption,
      because: "on a shared upstream it would wait behind the script; every node hears of it"),
  ]

  // MARK: about the client's session with the ambassador

  private static let session: [CommandOverride] = [
    .init("ping", local: .ping, because: "it asks whether this connection is alive, and may not wait behind others"),
    .init("echo", local: .echo, because: "the answer is in the question"),
    .init(
      "hello", local: .hello, because: "protocol version, user and name are the client's, not its shared upstream's"),
    .init("auth", local: .auth, because: "the user is the client's, not its shared upstream's"),
    .init("select", local: .select, because: "the database is the client's, not its shared upstream's"),
    .init("reset", local: .reset, because: "it would undo the state of everyone on the shared upstream"),
    .init("quit", local: .quit, because: "it would close the shared upstream"),
    .init("client|id", local: .clientID, because: "the server would tell the id of the shared upstream"),
    .init("client|info", local: .clientInfo, because: "the server would describe the shared upstream"),
    .init("client|list", local: .clientList, because: "the server sees the ambassador's upstreams, not its clients"),
    .init("client|kill", local: .clientKill, because: "it could kill an upstream that other clients share"),
    .init("client|unblock", local: .clientUnblock, because: "ids and blocked clients are the ambassador's own"),
    .init("client|getname", local: .clientGetName, because: "the name is the client's, not its shared upstream's"),
    .init("client|setname", local: .clientSetName, because: "the name is the client's, not its shared upstream's"),
    .init(
      "client|pause", "client|unpause", placement: .primary, pinned: .interruption,
      because: "on a shared upstream it would wait behind the writes that the server lets wait"),
    .init(
      "client|reply", local: .clientReply,
      because: "OFF or SKIP would take away the replies of everyone on the upstream"),
  ]

  // MARK: what a shared upstream must never see

  private static let sharing: [CommandOverride] = [
    .init(
      "multi", "discard", placement: .primary, pinned: .transaction,
      because: "the server queues what follows on the connection, whoever sent it"),
    .init(
      "exec", placement: .primary, pinned: .transaction, effect: .changes,
      because: "the server queues what follows on the connection, whoever sent it"),
    .init(
      "watch", "unwatch", placement: .primary, pinned: .transaction,
      because: "watched keys belong to the connection, and to the primary, where EXEC will run"),
    .init(
      "wait", placement: .primary, pinned: .acknowledgement,
      because: "it waits for the writes sent before it on the same connection, and everything behind it waits too"),
    .init(
      "subscribe", "psubscribe", "ssubscribe", "unsubscribe", "punsubscribe", "sunsubscribe", pinned: .subscription,
      because: "subscriptions and their messages belong to the connection"),
    .init("monitor", pinned: .monitor, because: "it turns the connection into a feed of all commands"),
    .init(
      "sync", "psync", "replconf", pinned: .replication,
      because: "it turns the connection into a replica's"),
    .init(
      "client|tracking", "client|caching", pinned: .tracking,
      because: "invalidations are for the keys that this connection has read, whoever asked"),
    .init(
      "client|no-evict", pinned: .connectionMode,
      because: "it would spare every client of the shared upstream, or none"),
    .init(
      "script|debug", pinned: .debugging,
      because: "the next EVAL on the connection, whoever sends it, would run in a debugger"),
    .init(
      "asking", "readonly", "readwrite", handling: .refused,
      answer: "ERR This instance has cluster support disabled",
      because: "a Cluster mode of the connection; outside Cluster, where we are, servers refuse it with these words"),
  ]

  // MARK: in later servers than the built-in list

  private static let newer: [CommandOverride] = [
    .init(
      "client|setinfo", local: .clientSetInfo,
      newer: .init(since: "7.2", arity: 4, flags: [.noScript, .loading, .stale]), unlisted: .forward,
      because: "the library's name is the client's, not its shared upstream's"),
    .init(
      "client|no-touch", pinned: .connectionMode,
      newer: .init(since: "7.2", arity: 3, flags: [.noScript, .loading, .stale]),
      because: "reads of every client of the shared upstream would leave access times alone"),
    .init(
      "waitaof", placement: .primary, pinned: .acknowledgement,
      newer: .init(since: "7.2", arity: 4, flags: [.blocking]),
      because: "it waits for the writes sent before it on the same connection, and everything behind it waits too"),
    .init(
      "client|capa", local: .clientCapa,
      newer: .init(since: "Valkey 8.0", arity: -3, flags: [.noScript, .loading, .stale]), unlisted: .forward,
      because: "what a client can take is between it and the ambassador"),
    .init(
      "client|import-source", pinned: .connectionMode,
      newer: .init(since: "Valkey 8.1", arity: 3, flags: [.admin, .noScript, .loading, .stale]),
      because: "every client of the shared upstream would see expired keys"),
  ]

  // MARK: no commands at all, but the server knows their names

  private static let attacks: [CommandOverride] = [
    .init(
      "post", "host:", handling: .closeSilently, newer: .init(since: "3.2", arity: 0),
      because: "the first words of an HTTP request made by a browser: the server closes the connection without a reply")
  ]
}
