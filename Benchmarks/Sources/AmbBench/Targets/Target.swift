import Glibc

/// What the loads are driven through.
enum TargetKind: String, CaseIterable, Sendable {
  case direct
  case haproxy
  case twemproxy
  case forwarder
  case amb = "redis-amb"
}

/// How to start one kind of proxy. A recipe says the arguments; `TargetLauncher` does the rest.
protocol ProxyRecipe {
  var kind: TargetKind { get }
  /// The program's path, or an error that says where to get it.
  func program() throws -> String
  /// Whether `threads` means anything to it.
  var isMultithreaded: Bool { get }
  /// Writes what configuration it needs into `directory` and returns its argument vector.
  func arguments(_ request: LaunchRequest) throws -> [String]
  /// The arguments that make it print its version.
  var versionArguments: [String] { get }
}

struct LaunchRequest {
  let listen: UInt16
  let primary: UInt16
  /// Whom one that knows nothing of Redis passes everything on to.
  let upstream: UInt16
  let threads: Int
  let fileLimit: Int
  let directory: TemporaryDirectory
  /// Flags besides those that every run has.
  var flags: [String] = []
}

/// A target that takes connections.
struct RunningTarget {
  let kind: TargetKind
  let port: UInt16
  let threads: Int
  /// The process whose CPU and memory count: the proxy, or for `direct` the primary itself.
  let pid: pid_t
  /// nil for `direct`, which is not ours to end.
  let child: Child?

  var name: String { kind.rawValue }
}
