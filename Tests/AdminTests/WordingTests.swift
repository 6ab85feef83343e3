import Testing

@testable import Admin

struct WordingTests {
  @Test(arguments: [
    (0.0, "0s"), (0.34, "0.3s"), (5, "5s"), (59.4, "59s"), (60, "1m 00s"), (3599, "59m 59s"), (3600, "1h 00m"),
    (90_000, "1d 1h"), (-1, "0s"),
  ])
  func times(seconds: Double, text: String) { #expect(Wording.time(seconds) == text) }

  @Test(arguments: [
    (0.0, "0us"), (0.000_84, "840us"), (0.000_999_9, "1ms"), (0.003_21, "3.2ms"), (0.0321, "32ms"), (0.9999, "1s"),
    (1.44, "1.4s"), (120, "120s"),
  ])
  func latencies(seconds: Double, text: String) { #expect(Wording.latency(seconds) == text) }

  @Test(arguments: [(0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (3500, "3.4 KiB"), (12 << 20, "12 MiB")])
  func sizes(bytes: Int, text: String) { #expect(Wording.size(bytes) == text) }

  @Test(arguments: [(0.0, "0"), (0.41, "0.4"), (95.4, "95"), (9999, "9999"), (12_345, "12k"), (1_234_567, "1.2M")])
  func rates(perSecond: Double, text: String) { #expect(Wording.rate(perSecond) == text) }

  @Test func tables() {
    #expect(Table.render(["a", "bcd"], [["xyz", "1"], ["q", ""]]) == ["a    bcd", "xyz  1", "q    "])
  }
}
