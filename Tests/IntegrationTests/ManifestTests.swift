import Glibc
import TestSupport
import Testing

/// What is in config/ for running it in a pod.
@Suite(.throughTheAmbassador)
struct ManifestTests {
  @Test(.needs(Tool.manifestPython, "kubernetes-validate (make test puts it in .build/test-venv)"))
  func `the manifests fit the schemas, and the configurations in them are valid`() throws {
    let python = try #require(Tool.manifestPython)
    let folder = PackageDirectory.path + "/config/kubernetes"
    let names = try Tool.run(["/bin/ls", folder]).split(separator: "\n").map(String.init)
    try check(names.count >= 9 && names.allSatisfy { $0.hasSuffix(".yaml") }, "\(names)")
    let output = try Tool.run(
      [python, PackageDirectory.path + "/Tests/Manifests/validate.py", "--binary", AmbassadorProcess.binary]
        + names.map { "\(folder)/\($0)" })
    try expectEqual(output, "")
  }

  /// In bytes.
  private static let memoryLimit = 64_000_000

  /// What the Dockerfile does after the build, with the binary at hand, and the result run as a pod would run it.
  @Test(.needs(Tool.chroot, "root, to change the root directory,"), .needs(Tool.find("python3"), "python3"))
  func `the image serves without root, on a read-only file system, with 64 MB`() throws {
    let python = try #require(Tool.find("python3"))
    let directory = try TemporaryDirectory()
    try Tool.run([
      python, PackageDirectory.path + "/Tests/Image/image.py", "assemble", AmbassadorProcess.binary, directory.path,
    ])
    let image = directory.file("image")
    let group = try RedisGroup(replicas: 1)
    let port = try PortLease().port
    let hosts = try directory.write("127.0.0.1 redis-primary\n", to: "hosts")
    // What Kubernetes adds to an image: /proc, /etc/hosts, and the emptyDir for the control socket.
    let script = """
      set -e
      mkdir -p \(image)/proc && touch \(image)/etc/hosts
      mount --rbind \(image) \(image) && mount --rbind /proc \(image)/proc
      mount --bind \(hosts) \(image)/etc/hosts
      mount -t tmpfs -o size=1m,mode=0700,uid=65532,gid=65532 tmpfs \(image)/run/redis-amb
      mount -o remount,bind,ro \(image)
      limit() {
        mkdir $1 2>/dev/null && echo \(Self.memoryLimit) > $1/$2 && echo $$ > $1/cgroup.procs
      }
      if [ -f /sys/fs/cgroup/cgroup.controllers ]; then limit /sys/fs/cgroup/redis-amb-test-$$ memory.max
      else limit /sys/fs/cgroup/memory/redis-amb-test-$$ memory.limit_in_bytes; fi || echo "no memory limit can be set here"
      exec chroot --userspec=65532:65532 \(image) /usr/local/bin/redis-amb --listen 127.0.0.1:\(port) \
        --primary redis-primary:\(group.primary.port) --admin-http none
      """
    let log = directory.file("log")
    let process = try ChildProcess(["/usr/bin/unshare", "--mount", "/bin/sh", "-c", script], output: log)
    let groups = ["/sys/fs/cgroup/memory", "/sys/fs/cgroup"].map { "\($0)/redis-amb-test-\(process.pid)" }
    defer { for group in groups { Tool.removeEmptyCgroup(group) } }
    do {
      try eventually("it serves") { try RESPClient(port: port).call("SET", "key", "value") == .simple("OK") }
      try expectEqual(try RESPClient(port: port).call("GET", "key"), .bulk("value"))
      let status = try Tool.run(["/bin/cat", "/proc/\(process.pid)/status"])
      try check(status.contains("Uid:\t65532\t65532\t65532\t65532"), status)
      let isLimited = !process.output.contains("no memory limit can be set here")
      // Values through it that are larger than all that it may have.
      let client = try RESPClient(port: port)
      let value = [UInt8](repeating: 120, count: 8 << 20)
      for index in 0..<12 {
        try client.send("*3\r\n$3\r\nSET\r\n$5\r\nbig:\(index % 10)\r\n$\(value.count)\r\n")
        try client.send(value)
        try client.send("\r\n")
        try expectEqual(try client.reply().value, .simple("OK"))
      }
      // Where no limit can be set, it must keep to it all the same.
      let peak = try process.memory("VmHWM")
      print("\(testName): \(peak >> 20) MiB at the most, \(isLimited ? "limited" : "without a limit")")
      try check(peak < Self.memoryLimit, "\(peak) bytes at the most")
      process.signal(SIGTERM)
      try expectEqual(try process.waitForExit(), .code(0))
      try check(!process.output.contains("no control socket"), process.output)
    } catch { throw Failure("\(error)\n\(process.output)") }
  }
}
