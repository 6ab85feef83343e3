import Testing

@testable import Admin

struct MetricsTextTests {
  @Test func `a family has its help, its type and a line for each series`() {
    var metrics = MetricsText()
    metrics.add("a_total", .counter, "Told.", [.init(3), .init(2.5, [("node", "h:1"), ("why", "x")])])
    #expect(
      metrics.text == """
        # HELP a_total Told.
        # TYPE a_total counter
        a_total 3
        a_total{node="h:1",why="x"} 2.5

        """)
  }

  @Test func `a distribution counts what was at most each bound`() {
    var metrics = MetricsText()
    metrics.add("t_seconds", "Time.", [.init([(0.001, 2), (1, 5)], count: 9, sum: 7.5, [("class", "read")])])
    #expect(
      metrics.text == """
        # HELP t_seconds Time.
        # TYPE t_seconds histogram
        t_seconds_bucket{class="read",le="0.001"} 2
        t_seconds_bucket{class="read",le="1"} 5
        t_seconds_bucket{class="read",le="+Inf"} 9
        t_seconds_sum{class="read"} 7.5
        t_seconds_count{class="read"} 9

        """)
  }

  @Test func `labels and helps are escaped`() {
    var metrics = MetricsText()
    metrics.add("a", .gauge, "a \\ b\nc \"d\"", [.init(1, [("x", "a \\ b\nc \"d\"")])])
    #expect(metrics.text.hasPrefix("# HELP a a \\\\ b\\nc \"d\"\n"))
    #expect(metrics.text.hasSuffix("a{x=\"a \\\\ b\\nc \\\"d\\\"\"} 1\n"))
  }

  @Test func `a family without series is left out`() {
    var metrics = MetricsText()
    metrics.add("a", .gauge, "Nothing.", [])
    #expect(metrics.text.isEmpty)
  }

  @Test(arguments: [
    (0.0, "0"), (1, "1"), (0.25, "0.25"), (1e15, "1000000000000000"), (1e300, "1e+300"), (.infinity, "+Inf"),
    (-.infinity, "-Inf"), (.nan, "NaN"), (1e-6, "1e-06"),
  ])
  func `numbers are written as Prometheus reads them`(value: Double, text: String) {
    #expect(MetricsText.number(value) == text)
  }
}
