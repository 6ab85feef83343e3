import Configuration
import Testing

@testable import Ambassador

struct ResourcesTests {
  private let configuration = AmbassadorConfiguration(primary: Endpoint(host: "redis", port: 6379))

  private func warnings(descriptors: Int?, memory: Int?, threads: Int = 1) -> [String] {
    Resources(descriptors: descriptors, memory: memory).warnings(configuration, threads: threads)
  }

  @Test func `enough is enough`() {
    #expect(warnings(descriptors: 4096, memory: 512 << 20).isEmpty)
    #expect(warnings(descriptors: nil, memory: nil).isEmpty)
    #expect(warnings(descriptors: 2128, memory: nil).isEmpty)
  }

  @Test func `too few descriptors are told with what would do`() {
    #expect(
      warnings(descriptors: 1024, memory: nil) == [
        "the limit of open files is 1024 (ulimit -n): upstream.max-pinned is 1000, which takes up to 2000 of them, a connection "
          + "to a client and one to a node for each, and the process itself up to 128; raise the limit, or set "
          + "upstream.max-pinned to 448 or less"
      ])
    #expect(warnings(descriptors: 2128, memory: nil, threads: 2).count == 1)
  }

  @Test func `clients leave some descriptors to all else`() {
    func bound(_ descriptors: Int?) -> Int? { Resources(descriptors: descriptors, memory: nil).clientDescriptors }
    #expect(bound(1024) == 960 && bound(128) == 64 && bound(40) == 20 && bound(nil) == nil)
  }

  @Test func `too little memory is told with what would do`() {
    #expect(
      warnings(descriptors: nil, memory: 64 << 20) == [
        "the container may use 64 MiB of memory: limits.memory and failover.hold-bytes allow 320 MiB for clients, and the "
          + "process itself takes about 16 MiB; raise the container's limit, or set the two to 48 MiB or less together"
      ])
  }
}
