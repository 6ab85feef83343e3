import Glibc
import Testing

@testable import Reactor

@Suite("Event sources and watchers")
struct SourceTests {
  @Test("A timer calls once, not before its time")
  func timer() throws {
    try withLoop { loop in
      var calls = 0
      let start = loop.now
      var end = 0.0
      let timer = TimerSource(on: loop, after: 0.03) {
        calls += 1
        end = loop.now
      }
      withExtendedLifetime(timer) { loop.runFor(0.1) }
      #expect(calls == 1)
      #expect(end - start >= 0.029)
    }
  }

  @Test("A repeating timer goes on until it is released, timers come in the order of their times")
  func timers() throws {
    try withLoop { loop in
      var order: [String] = []
      let late = TimerSource(on: loop, after: 0.06) { order.append("late") }
      let early = TimerSource(on: loop, after: 0.01) { order.append("early") }
      let holder = Holder<TimerSource>()
      holder.held = TimerSource(on: loop, after: 0, repeating: 0.005) {
        holder.calls += 1
        if holder.calls == 3 { holder.held = nil }
      }
      withExtendedLifetime((late, early)) { loop.runFor(0.1) }
      #expect(holder.calls == 3)
      #expect(order == ["early", "late"])
    }
  }

  @Test("A delay counts from now, not from the turn's beginning, which may be long ago")
  func delayAfterLongWork() throws {
    try withLoop { loop in
      usleep(50_000)
      var end = 0.0
      let begin = clock()
      let timer = TimerSource(on: loop, after: 0.04) {
        end = clock()
        loop.stop()
      }
      withExtendedLifetime(timer) { loop.run() }
      #expect(end - begin >= 0.039)
    }
  }

  private func clock() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  @Test("A released source does not call any more")
  func released() throws {
    let pair = try SocketPair()
    pair.sendFromFar()
    try withLoop { loop in
      var calls = 0
      do {
        let timer = TimerSource(on: loop, after: 0) { calls += 1 }
        let io = IOSource(on: loop, fd: pair.near, for: .readable) { calls += 1 }
        withExtendedLifetime((timer, io)) {}
      }
      loop.runFor(0.02)
      #expect(calls == 0)
    }
  }

  @Test("A descriptor's source calls when it is ready, for as long as it is")
  func readiness() throws {
    let pair = try SocketPair()
    try withLoop { loop in
      var reads = 0
      let reading = IOSource(on: loop, fd: pair.near, for: .readable) { reads += 1 }
      withExtendedLifetime(reading) { loop.runFor(0.02) }
      #expect(reads == 0)
      pair.sendFromFar("hello")
      var text = ""
      let taking = IOSource(on: loop, fd: pair.near, for: .readable) {
        var byte: UInt8 = 0
        #expect(Gate.receive(pair.near, into: &byte, atMost: 1) == .moved(1))
        text.unicodeScalars.append(Unicode.Scalar(byte))
        if text.count == 5 { loop.stop() }
      }
      withExtendedLifetime((taking, reading)) { #expect(loop.runUntilStopped()) }
      #expect(text == "hello")
      #expect(reads >= 5)
    }
  }

  @Test("A source that is released in its own handler, which goes on with what it has captured")
  func releasedByItself() throws {
    let pair = try SocketPair()
    pair.sendFromFar()
    for _ in 0..<200 {
      try withLoop { loop in
        let canary = Array("still here".utf8)
        var seen: [[UInt8]] = []
        let timer = Holder<TimerSource>()
        timer.held = TimerSource(on: loop, after: 0, repeating: 0.001) {
          timer.calls += 1
          timer.held = nil
          seen.append(canary)
        }
        let io = Holder<IOSource>()
        io.held = IOSource(on: loop, fd: pair.near, for: .readable) {
          io.calls += 1
          io.held = nil
          seen.append(canary)
        }
        loop.runFor(0.002)
        #expect(timer.calls == 1)
        #expect(io.calls == 1)
        #expect(seen == [canary, canary])
      }
    }
  }

  @Test("A handler may release another source that is due in the same turn: it does not call any more")
  func releasedByNeighbour() throws {
    let pair = try SocketPair()
    pair.sendFromFar()
    try withLoop { loop in
      let (one, other) = (Holder<IOSource>(), Holder<IOSource>())
      one.held = IOSource(on: loop, fd: pair.near, for: .readable) {
        one.calls += 1
        one.held = nil
        other.held = nil
      }
      other.held = IOSource(on: loop, fd: pair.near, for: .readable) {
        other.calls += 1
        one.held = nil
        other.held = nil
      }
      loop.runFor(0.02)
      #expect(one.calls + other.calls == 1)
    }
  }

  /// SIGWINCH is ignored by default, so that one too many harms nobody. One test: a signal belongs to one loop at a time.
  @Test("A signal is delivered on the loop's thread until its source is released, also in its own handler")
  func signals() throws {
    try withLoop { loop in
      let holder = Holder<SignalSource>()
      let home = pthread_self()
      var isHome = true
      holder.held = SignalSource(on: loop, signal: SIGWINCH) {
        holder.calls += 1
        if pthread_equal(pthread_self(), home) == 0 { isHome = false }
        if holder.calls == 2 { holder.held = nil } else { kill(getpid(), SIGWINCH) }
        if holder.calls == 2 { loop.stop() }
      }
      kill(getpid(), SIGWINCH)
      #expect(loop.runUntilStopped())
      kill(getpid(), SIGWINCH)
      loop.runFor(0.02)
      #expect(holder.calls == 2)
      #expect(isHome)
    }
  }

  /// A watcher's owner never moves, and it counts its calls.
  private struct Owner: ~Copyable {
    var timer = TimerWatcher()
    var io = IOWatcher()
    var turn = TurnEndWatcher()
    var timerCalls = 0
    var ioCalls = 0
    var turns = 0
  }

  @Test("Watchers of the data path: armed again, disarmed twice, one shot and repeating")
  func watchers() throws {
    let pair = try SocketPair()
    pair.sendFromFar()
    try withLoop { loop in
      let owner = UnsafeMutablePointer<Owner>.allocate(capacity: 1)
      owner.initialize(to: Owner())
      defer {
        owner.deinitialize(count: 1)
        owner.deallocate()
      }
      owner.pointee.timer.prepare(owner: owner) { raw, _ in
        Reactor.owner(raw, as: Owner.self).pointee.timerCalls += 1
      }
      owner.pointee.io.prepare(fd: pair.near, for: .readable, owner: owner) { raw, _ in
        Reactor.owner(raw, as: Owner.self).pointee.ioCalls += 1
      }
      owner.pointee.turn.arm(on: loop, owner: owner) { raw, _ in
        Reactor.owner(raw, as: Owner.self).pointee.turns += 1
      }
      // Arming replaces: the first delay never comes.
      owner.pointee.timer.arm(on: loop, after: 0)
      owner.pointee.timer.arm(on: loop, after: 60)
      loop.runFor(0.02)
      #expect(owner.pointee.timerCalls == 0 && owner.pointee.timer.isArmed)
      owner.pointee.timer.arm(on: loop, after: 0.001)
      loop.runFor(0.02)
      #expect(owner.pointee.timerCalls == 1 && !owner.pointee.timer.isArmed)
      owner.pointee.timer.arm(on: loop, after: 0.001, repeating: 0.002)
      loop.runFor(0.05)
      #expect(owner.pointee.timerCalls > 2 && owner.pointee.timer.isArmed)
      #expect(owner.pointee.ioCalls == 0 && owner.pointee.turns > 0)

      owner.pointee.timer.disarm(on: loop)
      owner.pointee.timer.disarm(on: loop)
      owner.pointee.io.arm(on: loop)
      owner.pointee.io.arm(on: loop)
      loop.runFor(0.005)
      let (timerCalls, ioCalls) = (owner.pointee.timerCalls, owner.pointee.ioCalls)
      #expect(ioCalls > 0)
      owner.pointee.io.disarm(on: loop)
      owner.pointee.io.disarm(on: loop)
      owner.pointee.turn.disarm(on: loop)
      let turns = owner.pointee.turns
      loop.runFor(0.02)
      #expect(owner.pointee.timerCalls == timerCalls && owner.pointee.ioCalls == ioCalls)
      #expect(owner.pointee.turns == turns)
    }
  }

  @Test("A thread takes no signals, and leaves its maker's mask as it was")
  func threads() throws {
    // A test's own thread comes from a pool that takes no signals either.
    var (previous, some, before) = (sigset_t(), sigset_t(), sigset_t())
    sigemptyset(&some)
    for signal in [SIGINT, SIGHUP, SIGWINCH] { sigaddset(&some, signal) }
    pthread_sigmask(SIG_UNBLOCK, &some, &previous)
    defer { pthread_sigmask(SIG_SETMASK, &previous, nil) }
    pthread_sigmask(SIG_BLOCK, nil, &before)
    nonisolated(unsafe) var blocked: [Int32] = []
    let thread = try #require(
      spawnThread(named: "a name that is much too long for the kernel") {
        var mask = sigset_t()
        pthread_sigmask(SIG_BLOCK, nil, &mask)
        blocked = [SIGTERM, SIGINT, SIGHUP, SIGWINCH].filter { sigismember(&mask, $0) == 1 }
      })
    thread.join()
    #expect(blocked == [SIGTERM, SIGINT, SIGHUP, SIGWINCH])
    var after = sigset_t()
    pthread_sigmask(SIG_BLOCK, nil, &after)
    for signal in 1..<Int32(32) { #expect(sigismember(&before, signal) == sigismember(&after, signal)) }
  }
}
