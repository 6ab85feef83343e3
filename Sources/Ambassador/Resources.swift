import Configuration
import Glibc

/// What the configuration may come to need, beside what the process may have.
struct Resources: Equatable {
  /// Open files; nothing for no limit.
  var descriptors: Int?
  /// Bytes that the container may use; nothing for no limit.
  var memory: Int?

  /// Of this process. The soft limit of open files is raised to the hard one first: it is often far lower, and a sidecar
  /// holds a descriptor for each client.
  static func ofThisProcess() -> Resources {
    let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    var descriptors: Int?
    if getrlimit(kind, &limit) == 0 {
      limit.rlim_cur = limit.rlim_max
      _ = setrlimit(kind, &limit)
      if getrlimit(kind, &limit) == 0 { descriptors = Int(exactly: limit.rlim_cur) }
    }
    return Resources(descriptors: descriptors, memory: Cgroup().memoryLimit)
  }

  /// What the process needs for itself: standard streams, listeners, the loops' own, and for each thread its connections
  /// to the nodes, some of each kind, and those lent for a moment.
  static func ownDescriptors(threads: Int) -> Int { 64 + 64 * threads }

  /// Descriptors that clients leave to all else: probes, the control socket, files, connections to the nodes.
  static let reservedDescriptors = 64

  /// Clients get no descriptor from this number on, half of all where there are few; nothing for no limit. As the kernel
  /// gives the lowest that is free, so many files are open then.
  var clientDescriptors: Int? { descriptors.map { max($0 - Self.reservedDescriptors, $0 / 2) } }

  /// Bytes of the process itself, with no client: 13 MiB measured with one thread, and what a loop adds.
  static func ownMemory(threads: Int) -> Int { (14 + 2 * threads) << 20 }

  /// What may run out, each in one sentence with figures; empty when all is well.
  func warnings(_ configuration: AmbassadorConfiguration, threads: Int) -> [String] {
    var sentences: [String] = []
    let own = Self.ownDescriptors(threads: threads)
    let pinned = configuration.upstream.maxPinned
    if let descriptors, descriptors < own + 2 * pinned {
      sentences.append(
        "the limit of open files is \(descriptors) (ulimit -n): upstream.max-pinned is \(pinned), which takes up to "
          + "\(2 * pinned) of them, a connection to a client and one to a node for each, and the process itself up to "
          + "\(own); raise the limit, or set upstream.max-pinned to \(max(1, (descriptors - own) / 2)) or less")
    }
    let process = Self.ownMemory(threads: threads)
    let held = configuration.limits.memory + configuration.failover.holdBytes
    if let memory, memory < process + held {
      sentences.append(
        "the container may use \(mebibytes(memory)) of memory: limits.memory and failover.hold-bytes allow "
          + "\(mebibytes(held)) for clients, and the process itself takes about \(mebibytes(process)); raise the "
          + "container's limit, or set the two to \(mebibytes(max(0, memory - process))) or less together")
    }
    return sentences
  }

  private func mebibytes(_ bytes: Int) -> String { "\(bytes >> 20) MiB" }
}

extension AmbassadorConfiguration.Threads {
  /// How many there are: what is set, or as many whole CPUs as the container's quota gives, one at least. Without a quota
  /// it is one: the node's CPUs are not this pod's.
  func count(quota: Double?) -> Int {
    switch self {
    case .count(let number): number
    case .auto: max(1, min(64, Int((quota ?? 1).rounded(.down))))
    }
  }
}
