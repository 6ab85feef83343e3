import Configuration
import TestSupport
import Testing

@testable import Ambassador

struct CgroupTests {
  /// A file system with these files, for as long as the test holds it.
  private func root(_ files: [String: String]) throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    for (path, text) in files {
      let folder = path.split(separator: "/").dropLast().joined(separator: "/")
      try Tool.run(["/bin/mkdir", "-p", directory.file(folder)])
      _ = try directory.write(text, to: path)
    }
    return directory
  }

  @Test func `version 2, seen from within a pod`() throws {
    let root = try root([
      "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "250000 100000\n",
      "sys/fs/cgroup/memory.max": "67108864\n",
    ])
    #expect(Cgroup(root: root.path).cpuQuota == 2.5)
    #expect(Cgroup(root: root.path).memoryLimit == 64 << 20)
  }

  @Test func `version 2 without limits`() throws {
    let root = try root([
      "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n", "sys/fs/cgroup/memory.max": "max\n",
    ])
    #expect(Cgroup(root: root.path).cpuQuota == nil)
    #expect(Cgroup(root: root.path).memoryLimit == nil)
  }

  @Test func `the limit of any group above holds`() throws {
    let root = try root([
      "proc/self/cgroup": "0::/pods/one\n", "sys/fs/cgroup/pods/one/cpu.max": "max 100000\n",
      "sys/fs/cgroup/pods/cpu.max": "50000 100000\n", "sys/fs/cgroup/pods/one/memory.max": "1000000\n",
      "sys/fs/cgroup/pods/memory.max": "2000000\n",
    ])
    #expect(Cgroup(root: root.path).cpuQuota == 0.5)
    #expect(Cgroup(root: root.path).memoryLimit == 1_000_000)
  }

  @Test func `version 1, with and without limits`() throws {
    let groups = "4:memory:/pod\n3:cpu,cpuacct:/pod\n1:name=systemd:/\n0::/\n"
    let limited = try root([
      "proc/self/cgroup": groups, "sys/fs/cgroup/cpu/pod/cpu.cfs_quota_us": "300000\n",
      "sys/fs/cgroup/cpu/pod/cpu.cfs_period_us": "100000\n",
      "sys/fs/cgroup/memory/pod/memory.limit_in_bytes": "67108864\n",
    ])
    #expect(Cgroup(root: limited.path).cpuQuota == 3)
    #expect(Cgroup(root: limited.path).memoryLimit == 64 << 20)
    let free = try root([
      "proc/self/cgroup": groups, "sys/fs/cgroup/cpu/pod/cpu.cfs_quota_us": "-1\n",
      "sys/fs/cgroup/cpu/pod/cpu.cfs_period_us": "100000\n",
      "sys/fs/cgroup/memory/pod/memory.limit_in_bytes": "9223372036854771712\n",
    ])
    #expect(Cgroup(root: free.path).cpuQuota == nil)
    #expect(Cgroup(root: free.path).memoryLimit == nil)
  }

  @Test func `no control groups, and nonsense in them`() throws {
    #expect(Cgroup(root: "/nowhere").cpuQuota == nil)
    let root = try root([
      "proc/self/cgroup": "0::\n::::\nx\n0::/a/b\n", "sys/fs/cgroup/a/b/cpu.max": "x y\n",
      "sys/fs/cgroup/a/cpu.max": "1 0\n", "sys/fs/cgroup/cpu.max": "\n",
    ])
    #expect(Cgroup(root: root.path).cpuQuota == nil)
  }

  @Test(arguments: [(0.2, 1), (1, 1), (2.5, 2), (8, 8), (1000, 64)])
  func `auto is whole CPUs, one at least`(quota: Double, threads: Int) {
    #expect(AmbassadorConfiguration.Threads.auto.count(quota: quota) == threads)
    #expect(AmbassadorConfiguration.Threads.count(3).count(quota: quota) == 3)
  }

  @Test func `auto without a quota is one`() {
    #expect(AmbassadorConfiguration.Threads.auto.count(quota: nil) == 1)
  }
}
