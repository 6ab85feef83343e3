import TestSupport
import Testing

/// Whole connections, from their first request to their end, compared with a bare redis-server byte for byte.
struct SessionFidelityTests {
  /// One line a connection; `;` stands between requests.
  static let transactions = [
    "EXEC; DISCARD; UNWATCH; MULTI x; EXEC x; WATCH",
    "MULTI; SET a 1; INCR a; GET a; EXEC; GET a",
    "MULTI; EXEC; MULTI; DISCARD; EXEC",
    "MULTI; SET a 1; MULTI; INCR a; EXEC",
    "MULTI; WATCH a; SET a 1; EXEC",
    "MULTI; SET a; SET a 1; EXEC; GET a",
    "MULTI; NOSUCHCOMMAND; SET a 1; EXEC; DISCARD; EXEC",
    "MULTI; NOSUCHCOMMAND; DISCARD; GET a",
    "SET a text; MULTI; INCR a; SET b 1; EXEC; GET b",
    "MULTI; EXEC x; EXEC; GET a",
    "MULTI; GET; EXEC; MULTI; SET a 1; EXEC",
    "WATCH a b; GET a; MULTI; SET a 1; EXEC; GET a",
    "WATCH a; SET a 1; MULTI; SET a 2; EXEC; GET a; MULTI; SET a 3; EXEC; GET a",
    "WATCH a; SET a 1; UNWATCH; MULTI; SET a 2; EXEC; GET a",
    "WATCH a; SET a 1; DISCARD; MULTI; SET a 2; EXEC",
    "WATCH a; SET a 1; MULTI; DISCARD; MULTI; SET a 2; EXEC",
    "WATCH a; EXEC; SET a 1; MULTI; EXEC",
    "WATCH a; MULTI; UNWATCH; SET a 1; EXEC; MULTI; GET a; EXEC",
    "MULTI; PING; PING x; ECHO y; CLIENT GETNAME; EXEC; PING",
    "MULTI; CLIENT SETNAME me; CLIENT GETNAME; EXEC; CLIENT GETNAME; ECHO x; CLIENT GETNAME",
    "MULTI; CLIENT SETNAME me; DISCARD; CLIENT GETNAME",
    "MULTI; SELECT 3; SET a three; GET a; EXEC; GET a; SELECT 0; GET a; SELECT 3; GET a",
    "MULTI; SELECT 3; SELECT 99; EXEC; SET a x; GET a; SELECT 0; EXISTS a",
    "MULTI; SELECT 3; DISCARD; SET a zero; SELECT 3; GET a",
    "WATCH a; SELECT 2; SET a two; GET a; MULTI; GET a; EXEC; GET a; SELECT 0; GET a",
    "WATCH a; PING; ECHO x; CLIENT GETNAME; CLIENT SETNAME n; CLIENT GETNAME; CLIENT SETINFO lib-name x; SELECT wrong; SELECT 99; GET a; UNWATCH; GET a",
    "MULTI; BLPOP none 0; LPUSH l 1; BLPOP l 0; WAIT 1 0; XREAD BLOCK 0 STREAMS s $; EXEC; PING",
    "MULTI; RESET; EXEC; GET a", "WATCH a; RESET; MULTI; SET a 1; EXEC", "MULTI; SET a 1; QUIT", "RESET; PING",
    "MULTI; SET a 1; EXEC; MULTI; SET b 2; EXEC; GET a; GET b; MULTI; MGET a b; EXEC",
    "SET a 1; MULTI; GET a; EXEC; SET a 2; MULTI; GET a; EXEC; GET a",
    "MULTI; EVAL return{1,{2,'x'}} 0; EVAL return_1 0; EXEC",
    "MULTI; ASKING; EXEC", "MULTI; CLIENT TRACKINGINFO; CLIENT GETREDIR; EXEC", "MULTI; COMMAND COUNT; EXEC",
    "multi; set a 1; eXeC; get a",
  ]

  static let blocking = [
    "LPUSH l a b c; BLPOP l 0; BRPOP l 0; BLMOVE l m LEFT RIGHT 0; LRANGE m 0 -1; BLPOP l 0.01; GET l",
    "BLPOP l notanumber; BLPOP l -1; BLPOP; BLPOP l; SET s 1; BLPOP s 0; PING",
    "BRPOPLPUSH none m 0.01; BLMPOP 0.01 1 none LEFT; BZPOPMIN none 0.01; BZPOPMAX none 0.01; BZMPOP 0.01 1 none MIN",
    "ZADD z 1 a 2 b 3 c; BZPOPMIN z 0; BZPOPMAX z 0; BZMPOP 0 1 z MIN; BLMOVE none m LEFT LEFT 0.01",
    "XADD x 1-1 f v; XREAD BLOCK 10 STREAMS x 0; XREAD BLOCK 10 STREAMS x 9; XGROUP CREATE x g 0; XREADGROUP GROUP g c BLOCK 10 STREAMS x >; XREADGROUP GROUP g c BLOCK 10 STREAMS x >",
    "WAIT 0 0; SET a 1; WAIT 0 10; WAIT x y; WAIT 1; WAIT 1 -1; GET a",
    "BLPOP l 0.01; MULTI; BLPOP l 0; EXEC; BLPOP l 0.01; PING; ECHO x", "BLPOP l 0.01; QUIT",
    "BLPOP l 0.01; RESET; PING", "BLPOP l 0.01; SELECT 1; LPUSH l 1; BLPOP l 0; SELECT 0; EXISTS l",
  ]

  static let pubsub = [
    "SUBSCRIBE a b; PING; PING x; UNSUBSCRIBE a; PING; UNSUBSCRIBE b; PING; GET a",
    "SUBSCRIBE a; GET a; NOSUCH; GET; SET a 1; SELECT 1; MULTI; UNSUBSCRIBE; GET a",
    "SUBSCRIBE a a; UNSUBSCRIBE a a; UNSUBSCRIBE; PUNSUBSCRIBE; SUNSUBSCRIBE; PING",
    "PSUBSCRIBE a* b*; SUBSCRIBE a; UNSUBSCRIBE; PUNSUBSCRIBE; PING", "SSUBSCRIBE a b; SUNSUBSCRIBE b a; PING",
    "SSUBSCRIBE a; SUBSCRIBE b; SUNSUBSCRIBE; PING; UNSUBSCRIBE; PING",
    "UNSUBSCRIBE; UNSUBSCRIBE a b; PUNSUBSCRIBE x; GET a", "SUBSCRIBE; PSUBSCRIBE; UNSUBSCRIBE; PING",
    "SUBSCRIBE a; RESET; PING; GET a", "SUBSCRIBE a; QUIT", "PSUBSCRIBE a; RESET; SUBSCRIBE b; UNSUBSCRIBE; PING",
    "SUBSCRIBE a; SUBSCRIBE b c; PUNSUBSCRIBE; UNSUBSCRIBE c a b; ECHO x; MULTI; PING; EXEC",
    "MULTI; SUBSCRIBE a; EXEC; PING; UNSUBSCRIBE; PING", "MULTI; SUBSCRIBE a; DISCARD; GET a",
    "WATCH a; SUBSCRIBE b; UNSUBSCRIBE b; MULTI; SET a 1; EXEC", "SUBSCRIBE a; PUBLISH a x; UNSUBSCRIBE a; PUBLISH a x",
  ]

  static let restrictedPubsub = [
    "SUBSCRIBE a; AUTH x; HELLO; CLIENT TRACKING ON; MONITOR; BLPOP l 0; EXEC; UNSUBSCRIBE a; PING"
  ]

  static let modes = [
    "CLIENT REPLY OFF; SET a 1; GET a; CLIENT REPLY ON; GET a",
    "CLIENT REPLY SKIP; SET a 1; GET a; PING",
    "CLIENT REPLY OFF; CLIENT REPLY SKIP; GET a; GET b; CLIENT REPLY ON; PING",
    "CLIENT REPLY WRONG; CLIENT REPLY ON; PING", "CLIENT REPLY OFF; CLIENT REPLY; CLIENT REPLY ON; PING",
    "CLIENT REPLY SKIP; CLIENT REPLY; PING; PING",
    "GET a; CLIENT REPLY OFF; PING; ECHO x; CLIENT GETNAME; CLIENT SETNAME n; CLIENT REPLY ON; CLIENT GETNAME",
    "CLIENT REPLY SKIP; CLIENT REPLY SKIP; PING; PING", "CLIENT REPLY OFF; NOSUCH; SET; CLIENT REPLY ON; PING",
    "CLIENT REPLY OFF; MULTI; SET a 1; EXEC; CLIENT REPLY ON; GET a", "CLIENT REPLY OFF; RESET; PING",
    "CLIENT REPLY SKIP; RESET; PING",
    "CLIENT REPLY OFF; SUBSCRIBE a; PSUBSCRIBE b; PING; UNSUBSCRIBE; RESET",
    "MULTI; WAIT 0 0; EXEC; WAIT 0 0; MULTI; WAIT 0 0; EXEC",
    "CLIENT TRACKINGINFO; CLIENT GETREDIR; CLIENT TRACKING; CLIENT TRACKING WRONG; CLIENT CACHING YES; GET a",
    "CLIENT TRACKING ON BCAST; CLIENT TRACKINGINFO; CLIENT TRACKING ON; CLIENT TRACKING OFF; CLIENT TRACKINGINFO; GET a",
    "CLIENT TRACKING ON OPTIN; CLIENT CACHING YES; GET a; CLIENT CACHING NO; CLIENT TRACKING OFF; CLIENT TRACKINGINFO",
    "CLIENT TRACKING ON REDIRECT 999999; CLIENT GETREDIR; CLIENT TRACKING ON; RESET; CLIENT TRACKINGINFO",
    "CLIENT NO-EVICT ON; PING; CLIENT NO-EVICT OFF; CLIENT NO-EVICT WRONG; CLIENT NO-EVICT; PING",
    "CLIENT NO-TOUCH ON; GET a; CLIENT NO-TOUCH OFF; PING",
    "SELECT 2; SCRIPT KILL; SET a two; FUNCTION KILL; GET a; SELECT 0; EXISTS a; SCRIPT KILL; PING",
    "SELECT 2; CLIENT REPLY OFF; SCRIPT KILL; SET a two; CLIENT REPLY ON; GET a; SELECT 0; EXISTS a",
    "CLIENT TRACKING ON; MULTI; CLIENT TRACKING OFF; EXEC; CLIENT TRACKINGINFO; GET a; SELECT 2; GET a",
  ]

  /// Found by random sessions.
  static let itself = [
    "SELECT 00; SELECT +1; SELECT 01; SELECT 9999999999; SELECT -9999999999; SELECT 99999999999999999999; SELECT -0",
    "HELLO 3 SETNAME me AUTH a; CLIENT GETNAME; HELLO 2 NOSUCH; HELLO 03; HELLO +2; HELLO 5; HELLO x",
    "HELLO 2 SETNAME \u{1} NOSUCH; HELLO 2 \u{e9}; HELLO 2 SETNAME; CLIENT GETNAME",
    "CLIENT NO-TOUCH; CLIENT NO-TOUCH ON OFF; CLIENT SETINFO; CLIENT IMPORT-SOURCE; WAITAOF; CLIENT CAPA",
    "CLIENT UNBLOCK x NOW; CLIENT UNBLOCK x; CLIENT UNBLOCK 01; CLIENT UNBLOCK 999 TIMEOUT; CLIENT UNBLOCK 1 ERROR x",
    "CLIENT KILL ID 0 X; CLIENT KILL ID 1 X; CLIENT KILL ID x; CLIENT KILL TYPE none X; CLIENT KILL SKIPME maybe",
    "CLIENT KILL USER nobody; CLIENT KILL USER nobody X; CLIENT KILL USER x ID y; CLIENT KILL USER default ID y; CLIENT KILL USER default ID 99999; CLIENT KILL ID 5 ID 99999; CLIENT KILL 1.2.3.4:5",
    "CLIENT LIST ID x; CLIENT LIST ID 01; CLIENT LIST ID 99999 -4; CLIENT LIST TYPE none; CLIENT LIST TYPE; CLIENT LIST X",
    "CLIENT LIST TYPE master; CLIENT KILL TYPE replica; CLIENT KILL LADDR 1.2.3.4:5 USER default; CLIENT KILL",
  ]

  @Test(arguments: [2, 3])
  func `what a client asks about clients is answered as by a redis-server`(version: Int) throws {
    try compare(Self.itself, version)
  }

  @Test(arguments: [2, 3])
  func `transactions are those of a redis-server`(version: Int) throws { try compare(Self.transactions, version) }

  @Test(arguments: [2, 3])
  func `blocking commands are those of a redis-server`(version: Int) throws { try compare(Self.blocking, version) }

  @Test(arguments: [2, 3])
  func `subscribers are those of a redis-server`(version: Int) throws {
    try compare(Self.pubsub + (version == 2 ? Self.restrictedPubsub : []), version)
  }

  @Test(arguments: [2, 3])
  func `modes are those of a redis-server`(version: Int) throws { try compare(Self.modes, version) }

  /// Whatever order a program finds for them.
  @Test(arguments: [2, 3])
  func `random sessions are those of a redis-server`(version: Int) throws {
    let words = [
      "MULTI", "MULTI", "EXEC", "EXEC", "DISCARD", "WATCH k", "UNWATCH", "SET k v", "SET k 1", "GET k", "INCR k",
      "DEL k l", "LPUSH l x", "BLPOP l 0.001", "BRPOP l m 0.001", "SELECT 0", "SELECT 1", "SELECT 99", "PING", "PING x",
      "ECHO y", "SUBSCRIBE a", "UNSUBSCRIBE a", "UNSUBSCRIBE", "PSUBSCRIBE p*", "PUNSUBSCRIBE", "SSUBSCRIBE s",
      "SUNSUBSCRIBE s", "PUBLISH a x", "CLIENT SETNAME n", "CLIENT GETNAME", "RESET", "GET", "NOSUCH", "EXEC x",
      "MULTI x", "WATCH", "WAIT 0 0", "XADD s 1-1 f v", "XREAD BLOCK 1 STREAMS s 0", "CLIENT TRACKINGINFO",
      "CLIENT NO-EVICT ON", "CLIENT NO-EVICT OFF", "EVAL return{1,2} 0", "EXISTS k", "UNLINK k",
    ]
    var random = SeededGenerator(seed: UInt64(version))
    // A SUBSCRIBE in a transaction makes the connection a feed, in which QUIT and RESET are the server's; often enough.
    let lines = (0..<120).map { _ in
      (0..<Int.random(in: 2...25, using: &random)).map { _ in words.randomElement(using: &random) ?? "" }
        .joined(separator: "; ")
    }
    try compare(lines, version)
  }

  /// Each line as one pipeline, and request by request.
  private func compare(_ lines: [String], _ version: Int) throws {
    try withLab(replicas: 0, readsOnReplicas: false) { lab in
      let bare = try RedisServer()
      var differences: [String] = []
      for line in lines {
        let commands = line.split(separator: ";").map { $0.split(separator: " ").map(String.init) }
        for isPipeline in [true, false] where isPipeline || !line.contains("REPLY") {
          let seen = try [lab.service.port, bare.port].map { port in
            // A request without a reply is no reason to wait for long: all that comes is compared, whenever it comes.
            let client = try RESPClient(port: port, patience: isPipeline ? Deadline.patience : .seconds(1))
            if version == 3 { try client.call("HELLO", "3") }
            var bytes: [UInt8] = []
            if isPipeline {
              try client.send(Request.bytes(pipeline: commands))
            } else {
              for command in commands {
                try client.send(Request.bytes(command))
                bytes += (try? client.reply().bytes) ?? []
              }
            }
            client.patience = Deadline.patience
            try? client.send(Request.bytes(["QUIT"]))
            do { return bytes + (try client.bytesUntilClosed()) } catch {
              throw Failure("\(line) at \(port == bare.port ? "redis-server" : "the ambassador"): \(error)")
            }
          }
          if seen[0] != seen[1] {
            differences.append(
              "\(line)\(isPipeline ? "" : " (one by one)")\n  got  \(text(seen[0]))\n  want \(text(seen[1]))")
          }
          for server in [lab.primary, bare] { try server.call("FLUSHALL") }
        }
      }
      try check(differences.isEmpty, "\(differences.count) differ\n" + differences.joined(separator: "\n"))
    }
  }

  private func text(_ bytes: [UInt8]) -> String {
    String(decoding: bytes, as: UTF8.self).split(separator: "\r\n").joined(separator: " ")
  }
}
