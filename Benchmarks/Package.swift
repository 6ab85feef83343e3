// swift-tools-version: 6.2
// A package of its own: the product resolves nothing for its benchmarks, and the benchmarks know the product only as a
// binary that listens on a port.
import PackageDescription

let package = Package(
  name: "Benchmarks",
  targets: [
    .target(name: "AmbBench"),
    .executableTarget(name: "amb-bench", dependencies: ["AmbBench"]),
    .testTarget(name: "AmbBenchTests", dependencies: ["AmbBench"]),
  ],
  swiftLanguageModes: [.v6]
)
