import Glibc
import Synchronization

/// The only place that starts and ends processes. Nothing it started outlives the bench:
/// - a normal end, an error and SIGINT, SIGTERM or SIGHUP go through `reapAll()`;
/// - SIGKILL of the bench reaches the children as their parent-death signal (`setpriv --pdeathsig`), which follows the
///   thread that spawned them, so spawn from the main thread only.
final class ProcessSupervisor: Sendable {
  private struct State {
    var live: [Child] = []
    var isClosing = false
  }

  private let state = Mutex(State())
  private let setpriv = Files.program("setpriv")

  /// `dyingWithParent: false` saves one exec where the time from exec to listening is measured.
  func spawn(
    _ arguments: [String], log: String, environment: [String: String] = [:], dyingWithParent: Bool = true
  ) throws -> Child {
    var arguments = arguments
    guard let program = Files.program(arguments[0]) else {
      throw BenchError("\(arguments[0]) is not an executable file")
    }
    arguments[0] = program
    if dyingWithParent, let setpriv { arguments = [setpriv, "--pdeathsig", "KILL"] + arguments }

    return try state.withLock { state in
      guard !state.isClosing else { throw BenchError("shutting down") }
      let pid = try Self.posixSpawn(arguments, environment, log: log)
      let child = Child(pid: pid, program: program, log: log)
      state.live.append(child)
      return child
    }
  }

  /// Ends one child and waits for it: asks, then insists.
  func end(_ child: Child) {
    kill(child.pid, SIGCONT)
    kill(child.pid, SIGTERM)
    if !Clock.wait(seconds: 1, until: { Self.hasEnded(child.pid) }) {
      kill(child.pid, SIGKILL)
      _ = Clock.wait(seconds: 5, until: { Self.hasEnded(child.pid) })
    }
    forget(child)
  }

  /// Waits for a child that ends by itself; one that does not in time is killed.
  func wait(for child: Child, seconds: Double) throws -> Int32 {
    defer { forget(child) }
    var status: Int32 = 0
    let ended = Clock.wait(seconds: seconds, every: 2) { waitpid(child.pid, &status, WNOHANG) != 0 }
    guard ended else {
      kill(child.pid, SIGKILL)
      waitpid(child.pid, nil, 0)
      throw BenchError("\(child.program) did not end within \(Int(seconds)) s and was killed")
    }
    return (status & 0x7f) == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
  }

  /// Ends all children. Of the main thread and the signal thread the first to come does it and ends the process; the
  /// other waits here, or it would end the process in the middle of that.
  func reapAll() {
    let children: [Child]? = state.withLock { state in
      defer {
        state.isClosing = true
        state.live = []
      }
      return state.isClosing ? nil : state.live
    }
    guard let children else {
      while true { Clock.sleep(milliseconds: 1000) }
    }
    for child in children.reversed() {
      kill(child.pid, SIGCONT)
      kill(child.pid, SIGTERM)
    }
    let deadline = Clock.now() + 1_000_000_000
    for child in children.reversed() {
      while !Self.hasEnded(child.pid) {
        if Clock.now() > deadline { kill(child.pid, SIGKILL) }
        Clock.sleep(milliseconds: 2)
      }
    }
  }

  private func forget(_ child: Child) {
    state.withLock { state in state.live.removeAll { $0.pid == child.pid } }
  }

  private static func hasEnded(_ pid: pid_t) -> Bool { waitpid(pid, nil, WNOHANG) != 0 }

  /// Each child gets a process group of its own (a terminal's Ctrl-C reaches only the bench, which then reaps in
  /// order), an empty signal mask (the bench blocks signals for its `sigwait` thread), and one file for its output.
  private static func posixSpawn(_ arguments: [String], _ environment: [String: String], log: String) throws -> pid_t {
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var noSignals = sigset_t()
    sigemptyset(&noSignals)
    posix_spawnattr_setsigmask(&attributes, &noSignals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)

    var vector = arguments.map { strdup($0) }
    vector.append(nil)
    defer { for argument in vector { free(argument) } }
    let added = environment.map { strdup("\($0.key)=\($0.value)") }
    defer { for variable in added { free(variable) } }
    var variables: [UnsafeMutablePointer<CChar>?] = added
    var inherited = environ
    while let variable = inherited.pointee {
      variables.append(variable)
      inherited += 1
    }
    variables.append(nil)

    var pid: pid_t = 0
    let failed = posix_spawn(&pid, arguments[0], &actions, &attributes, &vector, &variables)
    guard failed == 0 else { throw BenchError("cannot start \(arguments[0]): \(String(cString: strerror(failed)))") }
    return pid
  }
}

/// A process the supervisor started.
struct Child: Sendable {
  let pid: pid_t
  let program: String
  let log: String

  var isAlive: Bool { kill(pid, 0) == 0 && ProcStat.state(pid) != "Z" }

  /// The last thing it said, for error sentences.
  var lastWords: String {
    let lines = (Files.read(log) ?? "").split(separator: "\n").filter { !$0.isEmpty }
    return lines.last.map(String.init) ?? "it said nothing"
  }
}
