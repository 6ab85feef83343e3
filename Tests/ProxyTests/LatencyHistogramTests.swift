import Testing

@testable import Proxy

struct LatencyHistogramTests {
  @Test func everyTimeIsInABucketThatHoldsIt() {
    for power in 0..<27 {
      let least = UInt64(1) << UInt64(power)
      let times: [UInt64] = [least, least + 1, least * 3 / 2]
      for time in times where time < 1 << 27 {
        let index = LatencyHistogram.bucket(microseconds: time)
        #expect(Double(time) / 1e6 < LatencyHistogram.end(ofBucket: index))
        #expect(index == 0 || Double(time) / 1e6 >= LatencyHistogram.end(ofBucket: index - 1))
        // The width that is promised.
        if time >= 4 {
          let start = LatencyHistogram.end(ofBucket: index - 1)
          #expect(LatencyHistogram.end(ofBucket: index) / start < 1.26)
        }
      }
    }
    for index in 1..<LatencyHistogram.bucketCount {
      #expect(LatencyHistogram.end(ofBucket: index) > LatencyHistogram.end(ofBucket: index - 1))
    }
  }

  @Test func absurdTimesAreTaken() {
    var histogram = LatencyHistogram()
    for time in [-1, 0, .nan, .infinity, 1e300, .leastNonzeroMagnitude] { histogram.record(time) }
    #expect(histogram.count == 6 && histogram.sum == 240)
  }

  @Test func quantilesAreCloseEnough() throws {
    var histogram = LatencyHistogram()
    #expect(histogram.quantile(0.5) == nil)
    for time in 1...10_000 { histogram.record(Double(time) / 1e6) }
    for share in [0.1, 0.5, 0.9, 0.99] {
      let found = try #require(histogram.quantile(share))
      #expect(abs(found / (share * 0.01) - 1) < 0.03, "\(share): \(found)")
    }
    #expect(histogram.cumulative(below: 0.001_024) == 1023)
    #expect(histogram.cumulative(below: 1) == 10_000)
  }

  @Test func differencesAndSums() {
    var early = LatencyHistogram()
    early.record(0.001)
    var late = early
    late.record(0.002)
    late.record(0.002)
    let since = late.since(early)
    #expect(since.count == 2 && since.quantile(0.01).map { $0 > 0.0015 } == true)
    var sum = since
    sum.add(early)
    #expect(sum.count == 3 && abs(sum.sum - 0.005) < 1e-9)
    // One that was begun anew counts whole.
    #expect(early.since(late).count == 1)
  }
}
