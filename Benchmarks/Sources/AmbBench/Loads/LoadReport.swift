/// The table of one load, and the bars that hang on it.
struct LoadReport {
  let result: LoadResult
  let targets: [TargetKind]

  func print(to report: Report) {
    report.heading("\(result.load.title), \(result.threads == 1 ? "1 thread" : "\(result.threads) threads")")
    var table = Table(headings: ["target", "requests/s", "p50 ms", "p99 ms", "CPU µs/request", "RSS MiB", "peak MiB"])
    for kind in targets {
      table.add(
        label(kind), Format.grouped(result.median(kind, \.requestsPerSecond)),
        Format.decimals(result.median(kind, \.p50), 3),
        Format.decimals(result.median(kind, \.p99), 3), Format.decimals(result.median(kind, \.cpuMicroseconds), 2),
        Format.mebibytes(kibibytes: result.median(kind, \.residentKiB)),
        Format.mebibytes(kibibytes: result.median(kind, \.peakKiB)))
    }
    if targets.contains(.amb) {
      for other in [TargetKind.haproxy, .twemproxy] where targets.contains(other) {
        table.add(
          "redis-amb / \(other.rawValue)", Format.ratio(result.ratio(to: other, \.requestsPerSecond)),
          Format.ratio(result.ratio(to: other, \.p50)), Format.ratio(result.ratio(to: other, \.p99)),
          Format.ratio(result.ratio(to: other, \.cpuMicroseconds)),
          Format.ratio(result.ratio(to: other, \.residentKiB)),
          Format.ratio(result.ratio(to: other, \.peakKiB)))
      }
    }
    report.table(table)
  }

  private func label(_ kind: TargetKind) -> String {
    switch kind {
    case .direct: "direct (CPU, memory: redis-server's)"
    case .twemproxy where result.threads > 1: "twemproxy (1 thread)"
    default: kind.rawValue
    }
  }

  var bars: [Bar] {
    guard result.load.dataset == .small, result.load.clients == 50 else { return [] }
    let name =
      "\(result.load.operation.rawValue.uppercased()) pipeline \(result.load.pipeline), threads \(result.threads)"
    var bars: [Bar] = []
    if result.threads == 1 {  // twemproxy has one thread, and CPU a request is compared at one
      for (other, limit) in cpuLimits {
        bars.append(
          .atMost(
            "\(name): CPU/request to \(other.rawValue)'s", spread: result.ratios(to: other, \.cpuMicroseconds), limit))
      }
    }
    bars.append(.atLeast("\(name): requests/s to the better proxy's", spread: ratiosToBetterProxy, 1))
    return bars
  }

  /// redis-amb's throughput over that of whichever proxy was faster in the same round.
  private var ratiosToBetterProxy: [Double] {
    let rivals = [TargetKind.haproxy, .twemproxy].map { result.ratios(to: $0, \.requestsPerSecond) }
      .filter { !$0.isEmpty }
    guard let rounds = rivals.map(\.count).min() else { return [] }
    return (0..<rounds).compactMap { round in rivals.map { $0[round] }.min() }
  }

  private var cpuLimits: [(TargetKind, Double)] {
    switch result.load.pipeline {
    case 1: [(.twemproxy, 0.95), (.haproxy, 0.65)]
    case 16: [(.haproxy, 0.65)]
    case 100: [(.haproxy, 2)]
    default: []
    }
  }
}
