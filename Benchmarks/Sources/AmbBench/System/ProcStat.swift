import Glibc

/// What /proc knows about a process.
enum ProcStat {
  /// Time on a CPU of all threads, user and system, in nanoseconds (schedstat's first field).
  static func cpuNanoseconds(_ pid: pid_t) -> UInt64 {
    threads(pid).reduce(0) { total, thread in
      let fields = (Files.read("/proc/\(pid)/task/\(thread)/schedstat") ?? "").split(separator: " ")
      return total + (fields.first.flatMap { UInt64($0) } ?? 0)
    }
  }

  static func threads(_ pid: pid_t) -> [String] { Files.names(in: "/proc/\(pid)/task") }

  static func residentKiB(_ pid: pid_t) -> Int { statusNumber(pid, "VmRSS:") }

  static func peakResidentKiB(_ pid: pid_t) -> Int { statusNumber(pid, "VmHWM:") }

  /// Makes the peak start again from what is resident now.
  static func resetPeak(_ pid: pid_t) { try? Files.write("5", to: "/proc/\(pid)/clear_refs") }

  static func state(_ pid: pid_t) -> String? {
    statusField(pid, "State:")?.split(separator: " ").first.map(String.init)
  }

  /// Whether a tracer is attached to every thread.
  static func isTraced(_ pid: pid_t) -> Bool {
    let threads = threads(pid)
    return !threads.isEmpty
      && threads.allSatisfy { thread in
        let status = Files.read("/proc/\(pid)/task/\(thread)/status") ?? ""
        return !status.contains("TracerPid:\t0\n")
      }
  }

  private static func statusNumber(_ pid: pid_t, _ field: String) -> Int {
    statusField(pid, field)?.split(separator: " ").first.flatMap { Int($0) } ?? 0
  }

  private static func statusField(_ pid: pid_t, _ field: String) -> String? {
    guard let status = Files.read("/proc/\(pid)/status") else { return nil }
    return status.split(separator: "\n").first { $0.hasPrefix(field) }.map {
      String($0.dropFirst(field.count).drop { $0 == " " || $0 == "\t" })
    }
  }
}
