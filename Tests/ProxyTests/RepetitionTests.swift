import Testing

@testable import Proxy

/// What of a session is asked again on another upstream. Requests of 10 bytes each, all kept.
@Suite("What is asked again when an upstream is lost")
struct RepetitionTests {
  private static let read = Awaited.plain(isRead: true)
  private static let write = Awaited.plain(isRead: false)
  private static let pop = Awaited.blocking(isRead: false)

  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  private func receive(_ state: inout SessionState, _ reply: String) {
    _ = bytes(reply).withUnsafeBytes { state.receive($0, kind: $0.first ?? 0) }
  }

  private func state(_ requests: [Awaited], answered: Int = 0, kept: Bool = true) -> SessionState {
    var state = SessionState()
    for (index, request) in requests.enumerated() {
      state.await(request, at: index * 10, request: kept ? [UInt8(index)] : [])
    }
    for request in requests.prefix(answered) {
      switch request {
      case .multi, .watch: receive(&state, "+OK\r\n")
      default: receive(&state, "+QUEUED\r\n")
      }
    }
    return state
  }

  /// Requests, how many were answered and how many bytes sent; whether the head was refused; what waits for another
  /// upstream, as places; the fates of the others; the transaction afterwards.
  static let cases:
    [(
      String, [Awaited], answered: Int, sent: Int, refused: Bool, again: [Int], fates: [SessionState.Fate],
      SessionState.Transaction
    )] = [
      ("reads, sent or not", [read, read], 0, 10, false, [0, 1], [], .none),
      ("a write that was sent", [write], 0, 10, false, [], [.unknown], .none),
      ("half of the second sent", [write, write], 0, 15, false, [1], [.unknown], .none),
      ("refused: it was not executed", [write], 0, 10, true, [0], [], .none),
      ("behind a refused one, nobody knows", [write, write], 0, 20, true, [0], [], .none),
      ("blocked", [pop], 0, 10, false, [], [.unknown], .none),
      ("blocked, and unblocked", [pop], 0, 10, true, [0], [], .none),
      ("MULTI without an answer", [.multi], 0, 10, false, [0], [], .none),
      ("EXEC not sent", [.multi, write, .exec], 0, 25, false, [0, 1, 2], [], .none),
      ("EXEC sent", [.multi, write, .exec], 0, 30, false, [], [.ok, .unknown, .unknown], .none),
      ("open", [.multi, write], 2, 20, false, [], [], .queueing(.init())),
      ("open, with more to come", [.multi, write, write], 2, 30, false, [2], [], .queueing(.init())),
      ("open, EXEC not sent", [.multi, write, .exec], 2, 25, false, [2], [], .queueing(.init())),
      ("open, EXEC sent", [.multi, write, .exec], 2, 30, false, [], [.unknown], .none),
      (
        "refused in a transaction: EXEC executes nothing", [.multi, write, .exec], 1, 30, true, [1, 2], [],
        .queueing(.init())
      ),
      ("EXEC refused", [.multi, write, .exec], 2, 30, true, [2], [], .queueing(.init())),
      (
        "the first executed, the second not", [.multi, .exec, .multi, write], 0, 40, false, [2, 3], [.ok, .unknown],
        .none
      ),
      ("DISCARD", [.multi, write, .discard], 1, 30, false, [1, 2], [], .queueing(.init())),
      ("WATCH without an answer", [.watch, read, .multi, write, .exec], 0, 20, false, [0, 1, 2, 3, 4], [], .none),
      // Keys may have changed: nothing is to be executed, and EXEC says so.
      ("watched, open", [.watch, .multi, write], 3, 30, false, [], [], .voided),
      (
        "watched, in a pipeline", [.watch, .multi, write, .exec], 1, 25, false, [],
        [.ok, .said(SessionWords.queued), .said(SessionWords.null(isRESP3: false))], .none
      ),
      (
        "watched, refused", [.watch, .multi, write, .exec], 2, 40, true, [],
        [.said(SessionWords.queued), .said(SessionWords.null(isRESP3: false))], .none
      ),
      ("RESET", [read, .reset], 0, 20, false, [], [.readLost, .reset], .none),
    ]

  @Test("What provably was not executed, reads, and transactions as a whole", arguments: cases.indices)
  func loss(index: Int) {
    let (name, requests, answered, sent, isRefused, again, fates, transaction) = Self.cases[index]
    var state = state(requests, answered: answered)
    let answers = state.lose(sentUpTo: sent, of: requests.count * 10, isHeadRefused: isRefused) { _ in [99] }
    #expect(answers.map(\.fate) == fates, "\(name)")
    let waiting = state.queue.elements.filter { $0.what != .local([99]) }
    #expect(waiting.map { Int($0.request.first ?? 255) } == again, "\(name)")
    #expect(state.transaction == transaction, "\(name)")
    if state.transaction == .queueing(.init()) { #expect(state.script?.count == answered, "\(name)") }
  }

  @Test("Nothing is asked again when nobody is waited for, or nothing is kept")
  func nothing() {
    for (mayRepeat, kept) in [(false, true), (true, false)] {
      var open = state([.multi, Self.write, Self.read], answered: 2, kept: kept)
      let answers = open.lose(sentUpTo: 20, of: 30, mayRepeat: mayRepeat) { _ in [] }
      #expect(answers.map(\.fate) == [.notExecuted])
      #expect(open.transaction == .aborting && open.queue.isEmpty && open.keptBytes == 0)
    }
  }

  @Test("A transaction is opened again as it was, and what the client knows of it is not said twice")
  func reopening() {
    var state = state([.multi, Self.write, Self.read, .exec], answered: 2)
    #expect(state.lose(sentUpTo: 20, of: 40) { _ in [] }.isEmpty)
    let waiting = state.takeQueue()
    #expect(waiting.map(\.what) == [Self.read, .exec])
    #expect(state.script == [[0], [1]] && state.isInTransaction)
    state.changeUpstream(isRESP3: false)
    for _ in 0..<2 { state.await(.repeated, at: 0) }
    for reply in waiting { state.putBack(reply) }
    for reply in ["+OK\r\n", "+QUEUED\r\n"] {
      let outcome = bytes(reply).withUnsafeBytes { state.receive($0, kind: $0.first ?? 0) }
      #expect(outcome == SessionState.Outcome(delivery: .drop))
    }
    receive(&state, "+QUEUED\r\n")
    #expect(state.queuedCommands == 2)
    receive(&state, "*2\r\n+OK\r\n$-1\r\n")
    #expect(state.isClean && state.keptBytes == 0)
  }

  @Test("What is said of the refusal of a request by a node that is no primary")
  func refusals() {
    let readOnly = "-READONLY You can't write against a read only replica.\r\n"
    let unblocked = "-UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)\r\n"
    let aborted =
      "-EXECABORT Transaction discarded because of: READONLY You can't write against a read only replica.\r\n"
    for (what, reply, isRefusal) in [
      (Self.write, readOnly, true), (Self.pop, readOnly, true), (Self.pop, unblocked, true),
      (Self.write, unblocked, false),
      (.exec, aborted, true), (.exec, "-EXECABORT Transaction discarded because of previous errors.\r\n", false),
      (Self.write, "-READONLY You can't write against a read only replica. script: 1, on @user_script:1.\r\n", false),
      (Self.write, "+OK\r\n", false), (.multi, readOnly, false),
    ] {
      let state = state([what])
      #expect(bytes(reply).withUnsafeBytes { state.isRefusal($0) } == isRefusal, "\(what) \(reply)")
    }
  }

  static let timeouts: [([String], Double, [String])] = [
    (["BLPOP", "a", "b", "5"], 2, ["BLPOP", "a", "b", "3.000"]),
    (["BLPOP", "a", "0"], 2, ["BLPOP", "a", "0"]),
    (["blmove", "a", "b", "left", "right", "1.5"], 0.25, ["blmove", "a", "b", "left", "right", "1.250"]),
    (["BRPOP", "a", "1"], 2, ["BRPOP", "a", "0.001"]),
    (["BZMPOP", "2.5", "1", "z", "MIN"], 1, ["BZMPOP", "1.500", "1", "z", "MIN"]),
    (
      ["XREAD", "COUNT", "1", "BLOCK", "900", "STREAMS", "s", "$"], 0.4,
      ["XREAD", "COUNT", "1", "BLOCK", "500", "STREAMS", "s", "$"]
    ),
    (
      ["XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">"], 1,
      ["XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">"]
    ),
    (["BLPOP", "a", "soon"], 1, ["BLPOP", "a", "soon"]), (["BLPOP", "a", "inf"], 1, ["BLPOP", "a", "inf"]),
    (["BLPOP", "a", "1e300"], 1, ["BLPOP", "a", "9000000000000000"]),
  ]

  @Test("A command that blocks goes on with the time that is left", arguments: timeouts.indices)
  func remainingTime(index: Int) {
    let (words, waited, expected) = Self.timeouts[index]
    func request(_ words: [String]) -> [UInt8] {
      bytes("*\(words.count)\r\n" + words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined())
    }
    #expect(BlockingTimeout.shortened(request(words), by: waited) == request(expected))
  }
}
