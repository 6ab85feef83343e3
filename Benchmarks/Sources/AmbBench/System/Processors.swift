import Glibc

/// On which CPUs processes run. Set by `taskset`, which comes with util-linux.
struct Processors {
  private let supervisor: ProcessSupervisor
  private let log: String
  /// Those that the bench was given, as the kernel lists them.
  private let all: String

  init(_ supervisor: ProcessSupervisor, _ directory: TemporaryDirectory) throws {
    self.supervisor = supervisor
    log = directory.file("taskset.log")
    all = try Self.list(of: getpid())
  }

  /// Gives one process a CPU for itself, and the others, with the bench and all that it starts from now on, the rest.
  /// False if there is only one.
  func setApart(_ child: Child, from others: [Child]) throws -> Bool {
    let numbers = try Self.numbers(all)
    guard let first = numbers.first, numbers.count > 1 else { return false }
    let rest = numbers.dropFirst().map(String.init).joined(separator: ",")
    try bind(child.pid, to: "\(first)")
    for pid in others.map(\.pid) + [getpid()] { try bind(pid, to: rest) }
    return true
  }

  func reunite(_ children: [Child]) throws {
    for pid in children.map(\.pid) + [getpid()] { try bind(pid, to: all) }
  }

  private func bind(_ pid: pid_t, to list: String) throws {
    let taskset = try supervisor.spawn(["taskset", "-a", "-p", "-c", list, "\(pid)"], log: log)
    guard try supervisor.wait(for: taskset, seconds: 5) == 0 else {
      throw BenchError("taskset cannot bind process \(pid) to CPU \(list): \(taskset.lastWords)")
    }
  }

  private static func list(of pid: pid_t) throws -> String {
    let lines = (Files.read("/proc/\(pid)/status") ?? "").split(separator: "\n")
    guard let line = lines.first(where: { $0.hasPrefix("Cpus_allowed_list:") }),
      let list = line.split(whereSeparator: \.isWhitespace).last
    else { throw BenchError("/proc/\(pid)/status does not say on which CPUs it may run") }
    return String(list)
  }

  /// `0-2,5` is 0, 1, 2 and 5.
  private static func numbers(_ list: String) throws -> [Int] {
    try list.split(separator: ",").flatMap { range in
      let ends = range.split(separator: "-").compactMap { Int($0) }
      guard let first = ends.first, let last = ends.last, first <= last else {
        throw BenchError("not a list of CPUs: \(list)")
      }
      return Array(first...last)
    }
  }
}
