import Glibc
import Synchronization

/// A program under our control: its output in a file, always reaped, and dead when this process dies.
///
/// `setpriv --pdeathsig KILL` asks the kernel to kill the program when the *thread* that started it ends, so each
/// program has a thread of its own: it spawns, waits for the end and reaps.
public final class ChildProcess: Sendable {
  public enum Exit: Equatable, Sendable {
    case code(Int32)
    case signal(Int32)
  }

  private enum State {
    case starting
    case failed(Failure)
    case running(pid_t)
    case ended(pid_t, Exit)
  }

  /// Shared by the owner and the thread; the thread must not keep the owner alive.
  private final class Life: Sendable {
    let state = Mutex(State.starting)
  }

  public let command: String
  private let outputPath: String
  private let life = Life()
  private var state: State { life.state.withLock { $0 } }

  /// Starts `arguments[0]`, an absolute path, with this process's environment and `environment` over it.
  public init(
    _ arguments: [String], environment: [String: String] = [:], input: String = "/dev/null", output outputPath: String
  ) throws {
    command = arguments.joined(separator: " ")
    self.outputPath = outputPath
    let line = ["/usr/bin/setpriv", "--pdeathsig", "KILL"] + arguments
    let variables = Self.inherited(with: environment)
    startThread { [life] in Self.run(line, variables: variables, input: input, output: outputPath, life) }
    try eventually("\(command) is spawned") { if case .starting = state { false } else { true } }
    if case .failed(let failure) = state { throw failure }
  }

  deinit { end() }

  public var pid: pid_t {
    switch state {
    case .running(let pid), .ended(let pid, _): pid
    case .starting, .failed: -1
    }
  }

  public var exit: Exit? { if case .ended(_, let exit) = state { exit } else { nil } }
  public var isRunning: Bool { exit == nil }

  /// What the program has written to stdout and stderr so far.
  public var output: String { text(ofFile: outputPath) ?? "" }

  /// The lock is held over the call: the pid cannot be reaped, hence not reused, meanwhile.
  public func signal(_ number: Int32) {
    life.state.withLock { if case .running(let pid) = $0 { kill(pid, number) } }
  }

  @discardableResult
  public func waitForExit(within duration: Duration = Deadline.patience) throws -> Exit {
    try eventually(within: duration, "\(command) ends") { !isRunning }
    return exit!
  }

  /// SIGKILL, and gone when this returns.
  public func end() {
    signal(SIGKILL)
    _ = try? waitForExit()
  }

  /// SIGTERM, then SIGKILL for one that does not listen.
  @discardableResult
  public func terminate(grace: Duration = .seconds(15)) -> Exit? {
    signal(SIGTERM)
    let exit = try? waitForExit(within: grace)
    if exit == nil { end() }
    return exit
  }

  /// A line of /proc/PID/status in bytes, such as VmRSS or VmHWM.
  public func memory(_ field: String) throws -> Int {
    guard let status = text(ofFile: "/proc/\(pid)/status") else { throw Failure("\(command) is gone") }
    for line in status.split(separator: "\n") where line.hasPrefix(field + ":") {
      if let kilobytes = line.split(whereSeparator: { " \t".contains($0) }).dropFirst().first.flatMap({ Int($0) }) {
        return kilobytes * 1024
      }
    }
    throw Failure("no \(field) in /proc/\(pid)/status")
  }
}

extension ChildProcess {
  /// Without our own REDIS_AMB_*: the ambassador reads its settings there, and one that it does not know is an error.
  private static func inherited(with changes: [String: String]) -> [String] {
    let current = (text(ofFile: "/proc/self/environ") ?? "").split(separator: "\0").map(String.init)
    let kept = current.filter { changes[String($0.prefix { $0 != "=" })] == nil && !$0.hasPrefix("REDIS_AMB_") }
    return kept + changes.map { "\($0)=\($1)" }
  }

  /// The life of the thread.
  private static func run(_ line: [String], variables: [String], input: String, output: String, _ life: Life) {
    var pid = pid_t()
    let error = spawn(line, variables, input: input, output: output, &pid)
    guard error == 0 else {
      life.state.withLock { $0 = .failed(systemFailure("spawn \(line.joined(separator: " "))", error)) }
      return
    }
    life.state.withLock { $0 = .running(pid) }
    var information = siginfo_t()
    retryingInterrupts { waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) }
    life.state.withLock {
      var status = Int32()
      retryingInterrupts { waitpid(pid, &status, 0) }
      let number = status & 0x7f
      $0 = .ended(pid, number == 0 ? .code((status >> 8) & 0xff) : .signal(number))
    }
  }

  private static func spawn(
    _ line: [String], _ variables: [String], input: String, output: String, _ pid: inout pid_t
  ) -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)

    // Signals as a shell would give them, whatever the test runner did to its own.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

    let arguments = line.map { strdup($0) } + [nil]
    let environment = variables.map { strdup($0) } + [nil]
    defer { for pointer in arguments + environment { free(pointer) } }
    return posix_spawn(&pid, line[0], &actions, &attributes, arguments, environment)
  }
}
