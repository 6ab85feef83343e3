import Testing

@testable import AmbBench

@Suite struct ReadingTests {
  @Test func readsTheLineOfTheOperation() {
    let text = """
      "test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"
      "SET","32299.74","1.007","0.184","0.951","1.511","2.871","9.295"
      "GET","30120.48","1.068","0.216","0.935","1.775","4.863","11.911"
      """
    #expect(RedisBenchmark.parse(text, operation: .get) == .init(requestsPerSecond: 30120.48, p50: 0.935, p99: 4.863))
    #expect(RedisBenchmark.parse(text, operation: .set) == .init(requestsPerSecond: 32299.74, p50: 0.951, p99: 2.871))
    #expect(RedisBenchmark.parse("WARN: nothing\n", operation: .get) == nil)
  }

  @Test func readsStraceWithAndWithoutErrors() {
    let text = """
      % time     seconds  usecs/call     calls    errors syscall
      ------ ----------- ----------- --------- --------- ----------------
       60.00    0.120000           5     21600           sendto
       39.00    0.078000           3     21900       300 recvfrom
      ------ ----------- ----------- --------- --------- ----------------
      100.00    0.198000           4     43500       300 total
      """
    #expect(SystemCalls.parse(text) == [.init(calls: 21600, name: "sendto"), .init(calls: 21900, name: "recvfrom")])
  }

  @Test func readsWhatServersCounted() {
    let before = CommandCounts("# Commandstats\r\ncmdstat_get:calls=5,usec=9,usec_per_call=1.80\r\n")
    let now = CommandCounts("cmdstat_get:calls=12,usec=9\r\ncmdstat_config|set:calls=1,usec=9\r\n")
    let difference = now - before
    #expect(difference["get"] == 7 && difference["config|set"] == 1 && difference["set"] == 0)
  }

  @Test func summarises() {
    #expect(Statistics.median([3, 1, 2]) == 2)
    #expect(Statistics.median([4, 1, 2, 3]) == 2.5)
    #expect(Statistics.median([]) == nil)
    #expect(Statistics.percentile((1...100).map(Double.init), 99) == 99)
  }

  @Test func comparesWithinRounds() {
    func sample(_ cpu: Double) -> Sample {
      Sample(requestsPerSecond: 0, p50: 0, p99: 0, cpuMicroseconds: cpu, residentKiB: 0, peakKiB: 0)
    }
    var result = LoadResult(load: .plainGet(requests: 1), threads: 1)
    result.samples = [.amb: [2, 30, 8].map(sample), .haproxy: [1, 10, 2].map(sample)]
    #expect(result.ratio(to: .haproxy, \.cpuMicroseconds) == 3)
    #expect(result.ratio(to: .twemproxy, \.cpuMicroseconds) == nil)
    let bar = Bar.atMost("b", spread: result.ratios(to: .haproxy, \.cpuMicroseconds), 3.5)
    #expect(bar.measured == "3.00 × (2.00–4.00)" && bar.verdict == .pass)
  }

  @Test func formats() {
    #expect(Format.decimals(1.005, 2) == "1.00" || Format.decimals(1.005, 2) == "1.01")
    #expect(Format.decimals(-0.5, 1) == "-0.5")
    #expect(Format.decimals(12.07, 2) == "12.07")
    #expect(Format.grouped(1_234_567) == "1,234,567")
    #expect(Format.grouped(999) == "999")
  }

  @Test func parsesOptions() throws {
    let options = try #require(
      try Options.parse(["slow-readers", "--targets", "twemproxy,direct", "--quick", "--seconds", "5"]))
    #expect(options.verb == .slowReaders)
    #expect(options.targets == [.direct, .twemproxy])
    #expect(options.rounds == 1 && options.threads == [1] && options.seconds == 5)
    #expect(throws: BenchError.self) { try Options.parse(["--rounds", "0"]) }
    #expect(try Options.parse(["--help"]) == nil)
    let some = try #require(try Options.parse(["--parts", "p1,1k-set"]))
    #expect(some.includes("p1-get") && some.includes("1k-set") && !some.includes("p16-get") && !some.includes("1k-get"))
  }
}
