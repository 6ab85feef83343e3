import Testing

@testable import Proxy

/// What the server holds, told by its replies. Each test is a transcript: what was sent, what came, what is held then.
@Suite("What a redis-server holds for a connection")
struct SessionStateTests {
  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  private func state(_ requests: Awaited..., isRESP3: Bool = false) -> SessionState {
    var state = SessionState(isRESP3: isRESP3)
    for (index, request) in requests.enumerated() { state.await(request, at: index * 10) }
    return state
  }

  @discardableResult
  private func receive(_ state: inout SessionState, _ reply: String) -> SessionState.Outcome {
    bytes(reply).withUnsafeBytes { state.receive($0, kind: $0.first ?? 0) }
  }

  private static let read = Awaited.plain(isRead: true)
  private static let write = Awaited.plain(isRead: false)

  // MARK: Transactions

  static let transactions:
    [(String, [(Awaited, String)], SessionState.Transaction, SessionState.Watch, isClean: Bool)] =
      [
        ("nothing", [], .none, .none, true),
        ("MULTI", [(.multi, "+OK\r\n")], .queueing(.init()), .none, false),
        ("MULTI refused", [(.multi, "-NOPERM no\r\n")], .none, .none, true),
        (
          "nested", [(.multi, "+OK\r\n"), (.multi, "-ERR MULTI calls can not be nested\r\n")], .queueing(.init()),
          .none, false
        ),
        ("EXEC", [(.multi, "+OK\r\n"), (write, "+QUEUED\r\n"), (.exec, "*1\r\n+OK\r\n")], .none, .none, true),
        ("empty EXEC", [(.multi, "+OK\r\n"), (.exec, "*0\r\n")], .none, .none, true),
        ("DISCARD", [(.multi, "+OK\r\n"), (.discard, "+OK\r\n")], .none, .none, true),
        ("EXECABORT", [(.multi, "+OK\r\n"), (write, "-ERR\r\n"), (.exec, "-EXECABORT x\r\n")], .none, .none, true),
        ("EXEC alone", [(.exec, "-ERR EXEC without MULTI\r\n")], .none, .none, true),
        ("WATCH", [(.watch, "+OK\r\n")], .none, .keys, false),
        ("WATCH refused", [(.watch, "-ERR x\r\n")], .none, .none, true),
        ("WATCH, MULTI", [(.watch, "+OK\r\n"), (.multi, "+OK\r\n")], .queueing(.init()), .keys, false),
        ("WATCH in MULTI", [(.multi, "+OK\r\n"), (.watch, "-ERR x\r\n")], .queueing(.init()), .none, false),
        ("UNWATCH", [(.watch, "+OK\r\n"), (.unwatch, "+OK\r\n")], .none, .none, true),
        (
          "UNWATCH in MULTI", [(.watch, "+OK\r\n"), (.multi, "+OK\r\n"), (.unwatch, "+QUEUED\r\n")], .queueing(.init()),
          .keys, false
        ),
        ("EXEC without MULTI leaves WATCH", [(.watch, "+OK\r\n"), (.exec, "-ERR x\r\n")], .none, .keys, false),
        ("aborted", [(.watch, "+OK\r\n"), (.multi, "+OK\r\n"), (.exec, "*-1\r\n")], .none, .none, true),
        ("aborted in RESP3", [(.watch, "+OK\r\n"), (.multi, "+OK\r\n"), (.exec, "_\r\n")], .none, .none, true),
        (
          "DISCARD forgets WATCH", [(.watch, "+OK\r\n"), (.multi, "+OK\r\n"), (.discard, "+OK\r\n")], .none, .none, true
        ),
        (
          "blocking in MULTI", [(.multi, "+OK\r\n"), (.blocking(isRead: false), "+QUEUED\r\n")], .queueing(.init()),
          .none, false
        ),
      ]

  @Test("Transactions follow the replies", arguments: transactions.indices)
  func transaction(index: Int) {
    let (name, steps, transaction, watch, isClean) = Self.transactions[index]
    // One by one, and as a pipeline.
    for isPipeline in [false, true] {
      var state = SessionState()
      if isPipeline { for (request, _) in steps { state.await(request, at: 0) } }
      for (request, reply) in steps {
        if !isPipeline { state.await(request, at: 0) }
        let outcome = receive(&state, reply)
        #expect(outcome.settled == 1 && outcome.delivery == .pass, "\(name)")
      }
      #expect(state.transaction == transaction, "\(name)")
      #expect(state.watch == watch, "\(name)")
      #expect(state.isClean == isClean, "\(name)")
    }
  }

  @Test("What a transaction changes counts when it is executed, and only then")
  func effects() {
    for (reply, database) in [("*2\r\n+OK\r\n+OK\r\n", 3), ("*-1\r\n", nil), ("-EXECABORT x\r\n", nil)] {
      var state = state(.multi, .select(3), .setName(bytes("n")), .exec)
      receive(&state, "+OK\r\n")
      #expect(receive(&state, "+QUEUED\r\n").effects == nil)
      receive(&state, "+QUEUED\r\n")
      #expect(state.queuedCommands == 2)
      #expect(receive(&state, reply).effects?.database == database)
      #expect(state.isClean && state.isAltered)
    }
    var state = state(.select(3), .select(4))
    #expect(receive(&state, "+OK\r\n").effects?.database == 3)
    #expect(receive(&state, "-ERR DB index is out of range\r\n").effects == nil)
    #expect(state.isAltered)
  }

  @Test("A SUBSCRIBE in a transaction makes the connection a feed for good")
  func subscribeInTransaction() {
    var state = state(.multi, .subscribe(.named, [bytes("a")]), .exec)
    #expect(state.isHolding)
    receive(&state, "+OK\r\n")
    receive(&state, "+QUEUED\r\n")
    receive(&state, "*1\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n")
    #expect(state.isOpaque && !state.isClean && state.isFeed)
    #expect(receive(&state, "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nx\r\n") == SessionState.Outcome())
  }

  @Test("EXEC is told no by whatever was refused here, and after the loss of a watching upstream")
  func verdicts() {
    var state = state(.multi)
    receive(&state, "+OK\r\n")
    #expect(state.execVerdict == .ask)
    state.refuseInTransaction()
    #expect(state.execVerdict == .fail)
    state.await(.discardForExec(bytes("-EXECABORT\r\n")), at: 0)
    #expect(receive(&state, "+OK\r\n").delivery == .replace(bytes("-EXECABORT\r\n")))
    #expect(state.isClean)

    state.await(.watch, at: 0)
    receive(&state, "+OK\r\n")
    #expect(state.lose(sentUpTo: 10, of: 10) { _ in [] }.isEmpty)
    #expect(state.watch == .broken && !state.isClean && !state.needsUpstream)
    state.await(.multi, at: 0)
    receive(&state, "+OK\r\n")
    #expect(state.execVerdict == .abort)
    state.await(.discardForExec(bytes("*-1\r\n")), at: 0)
    receive(&state, "+OK\r\n")
    #expect(state.isClean)
  }

  // MARK: Subscriptions

  private func notice(_ word: String, _ name: String?, _ count: Int, isRESP3: Bool) -> String {
    let text = name.map { "$\($0.utf8.count)\r\n\($0)" } ?? (isRESP3 ? "_" : "$-1")
    return "\(isRESP3 ? ">" : "*")3\r\n$\(word.utf8.count)\r\n\(word)\r\n\(text)\r\n:\(count)\r\n"
  }

  @Test("Confirmations are counted, messages between them are not", arguments: [false, true])
  func confirmations(isRESP3: Bool) {
    var state = state(.subscribe(.named, [bytes("a"), bytes("b")]), isRESP3: isRESP3)
    #expect(receive(&state, notice("subscribe", "a", 1, isRESP3: isRESP3)).settled == 0)
    let message = "\(isRESP3 ? ">" : "*")3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nx\r\n"
    #expect(receive(&state, message) == SessionState.Outcome())
    #expect(receive(&state, notice("subscribe", "b", 2, isRESP3: isRESP3)).settled == 1)
    #expect(state.isSubscriberMode == !isRESP3)
    state.await(.unsubscribe(.named, []), at: 0)
    #expect(receive(&state, notice("unsubscribe", "a", 1, isRESP3: isRESP3)).settled == 0)
    #expect(receive(&state, message) == SessionState.Outcome())
    #expect(!state.isClean)
    #expect(receive(&state, notice("unsubscribe", "b", 0, isRESP3: isRESP3)).settled == 1)
    #expect(state.isClean)
    state.await(.unsubscribe(.named, []), at: 0)
    #expect(receive(&state, notice("unsubscribe", nil, 0, isRESP3: isRESP3)).settled == 1)
    #expect(state.isClean)
  }

  @Test("The three name spaces are apart", arguments: [(Channels.named, ""), (.patterns, "p"), (.shards, "s")])
  func channels(kind: Channels, prefix: String) {
    var state = state(.subscribe(kind, [bytes("x")]))
    #expect(receive(&state, notice(prefix + "subscribe", "x", 1, isRESP3: false)).settled == 1)
    #expect(Channels.allCases.map { state.subscriptions[$0].count } == Channels.allCases.map { $0 == kind ? 1 : 0 })
    state.await(.unsubscribe(kind, [bytes("x")]), at: 0)
    #expect(receive(&state, notice(prefix + "unsubscribe", "x", 0, isRESP3: false)).settled == 1)
    #expect(state.isClean)
  }

  @Test("An array that looks like a message is a reply where there is no subscription")
  func lookalikes() {
    let reply = "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nx\r\n"
    var state = state(Self.read)
    #expect(receive(&state, reply).settled == 1)
    // In RESP3 it is one even for a subscriber.
    state = self.state(.subscribe(.named, [bytes("a")]), isRESP3: true)
    receive(&state, notice("subscribe", "a", 1, isRESP3: true))
    state.await(Self.read, at: 0)
    #expect(receive(&state, reply).settled == 1)
  }

  @Test("A refused SUBSCRIBE leaves nothing behind")
  func refusedSubscription() {
    var state = state(.subscribe(.named, [bytes("a"), bytes("b")]))
    #expect(receive(&state, "-NOPERM no\r\n").settled == 1)
    #expect(state.isClean)
  }

  @Test("Subscriptions taken up again are no news to the client")
  func renewal() {
    var state = state(.subscribe(.named, [bytes("a"), bytes("b")]))
    receive(&state, notice("subscribe", "a", 1, isRESP3: false))
    receive(&state, notice("subscribe", "b", 2, isRESP3: false))
    state.await(.repeatable(bytes("PING")), at: 10)
    state.await(.subscribe(.named, [bytes("c")]), at: 20)
    #expect(state.lose(sentUpTo: 30, of: 30) { _ in [] }.isEmpty)
    #expect(state.needsUpstream)
    let waiting = state.takeQueue()
    #expect(waiting.count == 2)
    state.await(.renewal(.named, 2), at: 0)
    for reply in waiting { state.putBack(reply) }
    for name in ["a", "b"] {
      let outcome = receive(&state, notice("subscribe", name, 1, isRESP3: false))
      #expect(outcome.delivery == .drop && outcome.settled == 0)
    }
    #expect(receive(&state, "*2\r\n$4\r\npong\r\n$0\r\n\r\n") == SessionState.Outcome(settled: 1))
    #expect(receive(&state, notice("subscribe", "c", 3, isRESP3: false)) == SessionState.Outcome(settled: 1))
  }

  // MARK: Loss

  /// Requests of 10 bytes each, of which so many bytes were sent.
  static let losses: [(String, [Awaited], sent: Int, [SessionState.Fate], SessionState.Transaction)] = [
    ("all sent", [write, read], 20, [.unknown, .readLost], .none),
    ("half of the second sent", [write, write], 15, [.unknown, .notExecuted], .none),
    ("none sent", [write, read, .blocking(isRead: false)], 0, [.notExecuted, .notExecuted, .notExecuted], .none),
    ("blocked", [.blocking(isRead: false)], 10, [.unknown], .none),
    ("blocked read", [.blocking(isRead: true)], 10, [.readLost], .none),
    ("MULTI", [.multi], 10, [.ok], .aborting),
    ("queue without EXEC", [.multi, write, write], 30, [.ok, .notExecuted, .notExecuted], .aborting),
    ("EXEC sent", [.multi, write, .exec], 30, [.ok, .unknown, .unknown], .none),
    (
      "EXEC not sent", [.multi, write, .exec], 25, [.ok, .notExecuted, .said(SessionWords.execAborted)], .none
    ),
    ("after EXEC", [.multi, .exec, write], 30, [.ok, .unknown, .unknown], .none),
    ("second transaction", [.multi, .exec, .multi, write], 40, [.ok, .unknown, .ok, .notExecuted], .aborting),
    ("DISCARD", [.multi, write, .discard], 30, [.ok, .notExecuted, .ok], .none),
    ("WATCH", [.watch, read], 20, [.notExecuted, .readLost], .none),
    ("RESET", [write, .reset], 20, [.unknown, .reset], .none),
    ("a local reply in its turn", [write, .local([1]), read], 30, [.unknown, .said([1]), .readLost], .none),
    ("ours are nobody's", [.identity, .fence, write], 30, [.unknown], .none),
  ]

  @Test("A lost upstream gives each request its honest fate", arguments: losses.indices)
  func loss(index: Int) {
    let (name, requests, sent, fates, transaction) = Self.losses[index]
    var state = SessionState()
    for (index, request) in requests.enumerated() { state.await(request, at: index * 10) }
    let answers = state.lose(sentUpTo: sent, of: requests.count * 10) { _ in [] }
    #expect(answers.map(\.fate) == fates, "\(name)")
    #expect(state.transaction == transaction, "\(name)")
    #expect(state.queue.isEmpty, "\(name)")
  }

  @Test("A request whose rest never came was not executed")
  func unfinished() {
    var state = state(Self.write, Self.write)
    #expect(state.lose(sentUpTo: 500, of: .max) { _ in [] }.map(\.fate) == [.unknown, .notExecuted])
  }

  @Test("What cannot be asked again waits for its turn behind what can")
  func order() {
    var state = state(.subscribe(.named, [bytes("a")]), isRESP3: true)
    receive(&state, notice("subscribe", "a", 1, isRESP3: true))
    for (index, request) in [Self.write, .repeatable([2]), Self.write, .local([3])].enumerated() {
      state.await(request, at: index * 10)
    }
    #expect(state.lose(sentUpTo: 40, of: 40) { _ in [9] }.map(\.fate) == [.unknown])
    #expect(state.queue.elements.map(\.what) == [.repeatable([2]), .local([9]), .local([9])])
  }

  @Test("Nothing waits behind RESET, and everything before it is answered")
  func lossWithReset() {
    var state = state(.subscribe(.named, [bytes("a")]), isRESP3: true)
    receive(&state, notice("subscribe", "a", 1, isRESP3: true))
    for (index, request) in [.repeatable([2]), Self.write, .reset].enumerated() { state.await(request, at: index * 10) }
    #expect(state.lose(sentUpTo: 30, of: 30) { _ in [9] }.map(\.fate) == [.notExecuted, .said([9]), .reset])
    #expect(state.queue.isEmpty && state.subscriptions.isEmpty && !state.needsUpstream)
  }

  // MARK: Replies that are not wanted

  @Test("CLIENT REPLY takes away what it says, and no more")
  func muting() {
    var state = SessionState()
    state.replies = .skipNext
    state.await(Self.write, at: 0)
    state.await(Self.read, at: 0)
    #expect(receive(&state, "+OK\r\n") == SessionState.Outcome(delivery: .drop, settled: 1))
    #expect(receive(&state, "$-1\r\n") == SessionState.Outcome(settled: 1))
    state.replies = .off
    state.await(Self.write, at: 0)
    state.replies = .on
    state.await(Self.write, at: 0)
    #expect(receive(&state, "-ERR x\r\n").delivery == .drop)
    #expect(receive(&state, "-ERR x\r\n").delivery == .pass)
    #expect(state.isClean)
  }

  @Test("Ours are dropped, and tell what they were asked for")
  func ours() {
    var state = state(.identity, .identity, .fence, Self.read)
    #expect(receive(&state, ":17\r\n") == SessionState.Outcome(delivery: .drop, upstreamID: 17))
    #expect(receive(&state, "-NOPERM x\r\n") == SessionState.Outcome(delivery: .drop, upstreamID: -1))
    #expect(receive(&state, "+PONG\r\n") == SessionState.Outcome(delivery: .drop))
    #expect(receive(&state, "$-1\r\n") == SessionState.Outcome(settled: 1))
    #expect(receive(&state, "$-1\r\n").isUnexpected)
  }

  @Test("Modes are held until they are switched off")
  func modes() {
    let tracking = Awaited.mode(.init(mode: .tracking, request: [1]))
    var state = state(tracking, .mode(.init(mode: .noEvict, request: [2])), isRESP3: true)
    receive(&state, "+OK\r\n")
    receive(&state, "-ERR unknown\r\n")
    #expect(state.modes.map(\.mode) == [.tracking] && !state.isClean && state.isFeed && state.needsUpstream)
    #expect(receive(&state, ">2\r\n$10\r\ninvalidate\r\n_\r\n") == SessionState.Outcome())
    state.await(.mode(.init(mode: .tracking, request: nil)), at: 0)
    receive(&state, "+OK\r\n")
    #expect(state.isClean)
  }

  @Test("Many replies leave the queue as they came")
  func queue() {
    var queue = AwaitedQueue()
    for number in 0..<1000 {
      queue.append(AwaitedReply(what: .select(number), start: number, isMuted: false))
      if number % 3 == 0 { #expect(queue.popFirst()?.what == .select(number / 3)) }
    }
    #expect(queue.count == 666 && queue.last?.start == 999)
    for number in 334..<1000 { #expect(queue.popFirst()?.start == number) }
    #expect(queue.isEmpty && queue.popFirst() == nil && queue.first == nil && queue.last == nil)
  }
}
