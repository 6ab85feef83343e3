import Glibc

/// What the container may use, as the kernel's control groups say, in version 1 or 2.
///
/// A process sees its own group at the root of the hierarchy when it has a namespace of its own, as in a pod, and below it
/// when it has not; a limit of any group on the way holds.
struct Cgroup {
  /// In front of `/proc` and `/sys`: a test has its own.
  let root: String

  init(root: String = "") { self.root = root }

  /// CPUs, as the quota over its period; nothing for no limit.
  var cpuQuota: Double? {
    let version2 = limits("", "cpu.max").compactMap { text -> Double? in
      let fields = text.split(separator: " ")
      guard fields.count == 2, let quota = Double(fields[0]), let period = Double(fields[1]), period > 0 else {
        return nil
      }
      return quota / period
    }
    let version1 = zip(limits("cpu", "cpu.cfs_quota_us"), limits("cpu", "cpu.cfs_period_us")).compactMap {
      quota, period -> Double? in
      guard let quota = Double(quota), let period = Double(period), quota > 0, period > 0 else { return nil }
      return quota / period
    }
    return (version2 + version1).min()
  }

  /// Bytes; nothing for no limit.
  var memoryLimit: Int? {
    let texts = limits("", "memory.max") + limits("memory", "memory.limit_in_bytes")
    // Version 1 says "none" with a number that is nearly the largest one.
    return texts.compactMap { Int($0) }.filter { $0 < 1 << 62 }.min()
  }

  /// What a file says in the process's group of a controller and in those above it; `""` is version 2.
  private func limits(_ controller: String, _ file: String) -> [String] {
    guard var path = path(of: controller) else { return [] }
    var found: [String] = []
    while true {
      if let text = read("\(root)/sys/fs/cgroup/\(controller)/\(path)/\(file)") {
        found.append(String(text.prefix { $0 != "\n" }))
      }
      guard !path.isEmpty else { return found }
      path = String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex))
    }
  }

  /// From lines such as `4:cpu,cpuacct:/pods/one` and `0::/pods/one`, without the first slash.
  private func path(of controller: String) -> String? {
    for line in (read("\(root)/proc/self/cgroup") ?? "").split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let controllers = fields[1].split(separator: ",").map(String.init)
      if controller.isEmpty ? fields[0] == "0" : controllers.contains(controller) {
        return String(fields[2].dropFirst())
      }
    }
    return nil
  }

  /// A small file; nothing where there is none.
  private func read(_ path: String) -> String? {
    let fd = open(path, O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else { return nil }
    defer { close(fd) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = Glibc.read(fd, &bytes, bytes.count)
    return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
  }
}
