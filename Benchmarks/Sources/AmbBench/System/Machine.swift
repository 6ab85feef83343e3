import Glibc

/// The machine the figures are from.
enum Machine {
  static func lines() -> [(String, String)] {
    [
      ("CPUs", "\(sysconf(Int32(_SC_NPROCESSORS_ONLN))) × \(cpuModel())"),
      ("kernel", kernel()),
      ("load average at the start", loadAverage()),
    ]
  }

  static func loadAverage() -> String {
    (Files.read("/proc/loadavg") ?? "").split(separator: " ").prefix(3).joined(separator: " ")
  }

  private static func cpuModel() -> String {
    let lines = (Files.read("/proc/cpuinfo") ?? "").split(separator: "\n")
    let model = lines.first { $0.hasPrefix("model name") }
    return model?.split(separator: ":").last.map { String($0.drop { $0 == " " }) } ?? "unknown CPU"
  }

  private static func kernel() -> String {
    (Files.read("/proc/sys/kernel/ostype") ?? "").trimmed + " "
      + (Files.read("/proc/sys/kernel/osrelease") ?? "").trimmed
  }
}

extension StringProtocol {
  var trimmed: String {
    String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
  }
}
