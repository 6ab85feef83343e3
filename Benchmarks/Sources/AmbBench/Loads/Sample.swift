/// What one run of one load told about one target.
struct Sample {
  let requestsPerSecond: Double
  let p50: Double
  let p99: Double
  let cpuMicroseconds: Double
  let residentKiB: Double
  let peakKiB: Double
}

/// All samples of one load with one number of threads, by target, a sample a round.
struct LoadResult {
  let load: Load
  let threads: Int
  var samples: [TargetKind: [Sample]] = [:]

  func median(_ kind: TargetKind, _ figure: KeyPath<Sample, Double>) -> Double? {
    Statistics.median((samples[kind] ?? []).map { $0[keyPath: figure] })
  }

  /// redis-amb's figure over that of `other`, a ratio a round: both sides of each saw the same neighbours on the machine.
  func ratios(to other: TargetKind, _ figure: KeyPath<Sample, Double>) -> [Double] {
    zip(samples[.amb] ?? [], samples[other] ?? []).filter { $1[keyPath: figure] > 0 }
      .map { $0[keyPath: figure] / $1[keyPath: figure] }
  }

  func ratio(to other: TargetKind, _ figure: KeyPath<Sample, Double>) -> Double? {
    Statistics.median(ratios(to: other, figure))
  }
}
