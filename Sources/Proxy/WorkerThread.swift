import Commands
import Consistency
import Glibc
import Reactor
import Routing
import Topology

/// One of the ambassador's workers: a thread with a loop of its own. Others speak to it by messages only.
public final class WorkerThread: Sendable {
  enum Message: Sendable {
    case adopt(fd: Int32, id: UInt64, rules: ListenerRules, listener: Int)
    case configure(WorkerSettings, rules: [ListenerRules], step: UInt64)
    case follow(UpstreamTopology)
    case use(CommandTable)
    case drain(seconds: Double)
    case perform(@Sendable (WorkerRef) -> Void)
  }

  private let mailbox: Mailbox<Message>
  private let thread: Thread

  /// Starts the thread; nothing when the system refuses one.
  /// - Parameters:
  ///   - ledger: the one of the whole process, or reads through one worker would miss writes through another.
  ///   - report: called on the worker's thread.
  public init?(
    index: Int, settings: WorkerSettings, table: CommandTable, ledger: SharedLedger,
    report: @escaping @Sendable (WorkerEvent) -> Void
  ) {
    let mailbox = Mailbox<Message>()
    self.mailbox = mailbox
    let thread = spawnThread(named: "worker-\(index)") {
      WorkerThread.run(
        index: index, settings: settings, table: table, ledger: ledger, mailbox: mailbox, report: report)
    }
    guard let thread else { return nil }
    self.thread = thread
  }

  /// Hands over a connection that was accepted.
  /// - Parameters:
  ///   - rules: how its reads are served, as the listener that it came through has it.
  ///   - listener: the place of that listener among all.
  public func adopt(_ fd: Int32, id: UInt64, rules: ListenerRules, listener: Int = 0) {
    mailbox.send(.adopt(fd: fd, id: id, rules: rules, listener: listener))
  }

  /// Hands over other settings, for the clients that are there as for those to come; said to be done as
  /// ``WorkerEvent/configured(index:step:)``.
  /// - Parameter rules: those of each listener, by its place.
  public func configure(_ settings: WorkerSettings, rules: [ListenerRules], step: UInt64) {
    mailbox.send(.configure(settings, rules: rules, step: step))
  }

  public func follow(_ topology: UpstreamTopology) { mailbox.send(.follow(topology)) }

  public func use(_ table: CommandTable) { mailbox.send(.use(table)) }

  /// Lets clients finish within `seconds`, then ends. Asked a second time, it ends at once.
  public func drain(seconds: Double) { mailbox.send(.drain(seconds: seconds)) }

  /// Asks the worker something. It answers between two events of its loop, or never, if it has ended.
  /// - Parameter then: called with the answer on the worker's thread; it hands it to a mailbox and does nothing else.
  public func ask<Answer>(_ question: WorkerQuestion<Answer>, then: @escaping @Sendable (Answer) -> Void) {
    mailbox.send(.perform { worker in then(question.answer(worker)) })
  }

  /// Waits until the thread has ended.
  public func join() { thread.join() }

  private static func run(
    index: Int, settings: WorkerSettings, table: CommandTable, ledger: SharedLedger, mailbox: Mailbox<Message>,
    report: @escaping (WorkerEvent) -> Void
  ) {
    guard let loop = EventLoop() else { return report(.ended(index: index)) }
    let worker = WorkerRef.allocate(capacity: 1)
    worker.initialize(
      to: Worker(
        index: index, loop: loop, settings: settings, table: table, ledger: ledger.pointer, report: report))
    worker.startTurns()
    mailbox.open(on: loop) { message in
      switch message {
      case .adopt(let fd, let id, let rules, let listener):
        worker.adopt(fd, id: id, rules: rules, listener: listener)
      case .configure(let settings, let rules, let step):
        worker.configure(settings, rules: rules)
        report(.configured(index: index, step: step))
      case .follow(let topology): worker.follow(topology)
      case .use(let table): worker.use(table)
      case .drain(let seconds): worker.drain(atMost: seconds)
      case .perform(let body): body(worker)
      }
    }
    loop.run()
    mailbox.close()
    worker.tearDown()
    worker.deinitialize(count: 1)
    worker.deallocate()
    loop.destroy()
    withExtendedLifetime(ledger) {}
    report(.ended(index: index))
  }
}
