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

  /// redis-amb's figure over that of `other`: the median of the rounds' ratios.
  func ratio(to other: TargetKind, _ figure: KeyPath<Sample, Double>) -> Double? {
    Statistics.medianRatio(
      (samples[.amb] ?? []).map { $0[keyPath: figure] }, (samples[other] ?? []).map { $0[keyPath: figure] })
  }
}
