// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "redis-amb",
  products: [.executable(name: "redis-amb", targets: ["redis-amb"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
  ],
  targets: [
    // C fences: headers, link flags and one-line shims for macros, nothing else.
    .systemLibrary(name: "CPrefetch"),
    .systemLibrary(name: "CLibev", providers: [.apt(["libev-dev"])]),
    .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
    .systemLibrary(name: "CYAML", providers: [.apt(["libyaml-dev"])]),

    // Pure: no socket, no clock, no logger, no Foundation.
    .target(name: "RESP"),
    .target(name: "Commands", exclude: ["commands-7.0.15.json", "Generate"]),
    .target(name: "Topology"),
    .target(name: "Consistency", dependencies: ["CPrefetch"]),
    .target(name: "Routing", dependencies: ["Commands", "Topology"]),
    .target(name: "Configuration", dependencies: ["CYAML"]),

    // With I/O.
    .target(name: "Reactor", dependencies: ["CLibev"]),
    .target(name: "Proxy", dependencies: ["RESP", "Commands", "Topology", "Consistency", "Routing", "Reactor"]),
    .target(name: "Discovery", dependencies: ["CHiredis", "Commands", "Topology", "Reactor"]),
    .target(name: "Admin", dependencies: ["RESP", "Reactor", "Proxy", "Routing", "Topology"]),
    .target(
      name: "Ambassador",
      dependencies: [
        "Admin", "Configuration", "Consistency", "Proxy", "Discovery", .product(name: "Logging", package: "swift-log"),
      ]),
    .executableTarget(
      name: "redis-amb",
      dependencies: [
        "Admin", "Ambassador", "Configuration", "Reactor", "Topology",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    .testTarget(name: "RESPTests", dependencies: ["RESP"]),
    .testTarget(name: "CommandsTests", dependencies: ["Commands"]),
    .testTarget(name: "TopologyTests", dependencies: ["Topology", "TestSupport"]),
    .testTarget(name: "ConsistencyTests", dependencies: ["Consistency", "TestSupport"]),
    .testTarget(name: "RoutingTests", dependencies: ["Commands", "Routing"]),
    .testTarget(name: "ConfigurationTests", dependencies: ["Configuration"]),
    .testTarget(name: "ReactorTests", dependencies: ["Reactor", "TestSupport"]),
    .testTarget(name: "DiscoveryTests", dependencies: ["Discovery", "Reactor", "Topology", "TestSupport"]),
    .testTarget(
      name: "ProxyTests",
      dependencies: ["Proxy", "Commands", "Consistency", "RESP", "Reactor", "Routing", "Topology", "TestSupport"]),
    .testTarget(
      name: "AdminTests", dependencies: ["Admin", "Proxy", "RESP", "Reactor", "Routing", "Topology", "TestSupport"]),
    .testTarget(
      name: "AmbassadorTests",
      dependencies: [
        "Ambassador", "Configuration", "Discovery", "Proxy", "Reactor", "Routing", "Topology", "TestSupport",
        .product(name: "Logging", package: "swift-log"),
      ]),

    // Real processes and raw sockets for the tests that need them; knows nothing of the product's modules.
    .target(name: "TestSupport", path: "Tests/TestSupport"),
    // Faults under load: some in the test suite, all in `make failover-report`.
    .target(name: "Laboratory", dependencies: ["TestSupport"], path: "Tests/Laboratory"),
    .executableTarget(
      name: "failover-report", dependencies: ["Laboratory", "TestSupport"], path: "Tests/FailoverReport"),
    // Reloads under load: a few seconds of it in the test suite, more in `make reload-report`.
    .executableTarget(
      name: "reload-report", dependencies: ["Laboratory", "TestSupport"], path: "Tests/ReloadReport"),
    .testTarget(name: "IntegrationTests", dependencies: ["TestSupport", "Laboratory", "redis-amb", "failover-report"]),
  ],
  swiftLanguageModes: [.v6]
)
