import Glibc

/// A program that a test borrows and that may be missing on a person's machine. In CI it may not.
public enum Tool {
  public static let isCI = environmentValue("CI") == "true"

  public static func find(_ name: String) -> String? {
    let path = environmentValue("PATH") ?? "/usr/bin"
    return path.split(separator: ":").map { "\($0)/\(name)" }.first(where: isExecutable)
  }

  /// A Python that can import this: `make test` makes a venv of it in .build.
  public static func python(importing module: String) -> String? {
    let inBuild = PackageDirectory.path + "/.build/test-venv/bin/python"
    let candidates = [environmentValue("REDIS_AMB_TEST_PYTHON"), inBuild, find("python3")].compactMap { $0 }
    return candidates.first { isExecutable($0) && succeeds([$0, "-c", "import \(module)"]) }
  }

  /// A program that has what it needs: this with it succeeds.
  public static func find(_ name: String, thatRuns arguments: [String]) -> String? {
    find(name).flatMap { succeeds([$0] + arguments) ? $0 : nil }
  }

  /// A node that finds the `redis` package where Debian's node-redis puts it.
  public static let node: String? = find("node").flatMap { node in
    succeeds([node, "-e", "require('redis')"], environment: nodeEnvironment) ? node : nil
  }

  public static let nodeEnvironment = ["NODE_PATH": "/usr/share/nodejs"]

  /// Runs a program to its end and gives what it wrote; fails with that when it fails.
  @discardableResult
  public static func run(
    _ arguments: [String], environment: [String: String] = [:], input: String? = nil, within: Duration = .seconds(90)
  ) throws -> String {
    let directory = try TemporaryDirectory()
    let inputPath = try input.map { try directory.write($0, to: "input") } ?? "/dev/null"
    let child = try ChildProcess(
      arguments, environment: environment, input: inputPath, output: directory.file("output"))
    let exit = try? child.waitForExit(within: within)
    let output = child.output
    guard exit == .code(0) else {
      let ending = exit.map { "\($0)" } ?? "still running after \(within)"
      throw Failure("\(arguments.joined(separator: " ").prefix(300)): \(ending)\n\(output.suffix(3000))")
    }
    return output
  }

  private static func succeeds(_ arguments: [String], environment: [String: String] = [:]) -> Bool {
    (try? run(arguments, environment: environment, within: .seconds(20))) != nil
  }
}

extension Tool {
  /// A command line that runs what follows its next argument with that file as /etc/hosts.
  static let withHosts = [
    "/usr/bin/unshare", "--map-root-user", "--mount", "/bin/sh", "-c",
    "mount --bind \"$1\" /etc/hosts && shift && exec \"$@\"", "sh",
  ]

  /// Whether that works: it needs user namespaces.
  public static let hosts: String? = succeeds(withHosts + ["/etc/hostname", "/bin/true"]) ? "unshare" : nil

  public static var seed: UInt64? { number("REDIS_AMB_TEST_SEED") }

  /// A number that whoever runs the tests has given in the environment.
  public static func number(_ name: String) -> UInt64? { environmentValue(name).flatMap { UInt64($0) } }
}

extension Tool {
  /// Prometheus' own checker: `make test` takes it out of Debian's package.
  public static let promtool: String? =
    [PackageDirectory.path + "/.build/promtool", find("promtool")].compactMap { $0 }.first(where: isExecutable)

  /// A Python with the schemas of Kubernetes, in the same venv as redis-py.
  public static let manifestPython: String? = {
    let python = PackageDirectory.path + "/.build/test-venv/bin/python"
    let imports =
      "import kubernetes_validate, importlib.util, sys; sys.exit(importlib.util.find_spec('cloudcoil.models.prometheus_operator') is None)"
    return isExecutable(python) && succeeds([python, "-c", imports]) ? python : nil
  }()

  /// What a test needs that makes a root file system and goes into it.
  public static let chroot: String? =
    geteuid() == 0 ? find("chroot") ?? ["/usr/sbin/chroot"].first(where: isExecutable) : nil
}

extension Tool {
  /// Takes a control group away whose processes have ended.
  public static func removeEmptyCgroup(_ path: String) { rmdir(path) }
}
