import Testing

@testable import Admin

struct TopViewTests {
  private static func node(_ name: String, _ role: String) -> Document {
    [
      "name": .text(name), "role": .text(role), "health": "ok", "lag_bytes": 0, "in_flight": 12,
      "p50": .number(0.000_21), "p99": .number(0.0153),
      "classes": [
        "read": ["per_second": .number(12_345)], "write": ["per_second": .number(95)],
        "session": ["per_second": .number(0)],
      ],
    ]
  }

  private static let status: Document = [
    "version": "0.1.0", "uptime": .number(3700), "state": "ok", "topology": ["primary": "a:1"],
    "nodes": .list([
      node("redis-node-0.redis-headless.production.svc.cluster.local:6379", "primary"),
      node("redis-node-1.redis-headless.production.svc.cluster.local:6379", "replica"),
    ]),
    "routing": ["readonly-command": 90, "write-command": 9, "pipeline-order": 1, "exception": 0],
    "counters": ["held": 3],
  ]

  @Test(arguments: [80, 60, 200, 20, 1, 0])
  func nothingIsWiderOrHigherThanTheTerminal(width: Int) {
    for height in [24, 8, 1, 0] {
      let lines = TopView.render(Self.status, width: width, height: height)
      #expect(lines.count <= height && lines.allSatisfy { $0.count <= width })
    }
  }

  @Test func atEightyColumnsTheNamesGiveWay() throws {
    let lines = TopView.render(Self.status, width: 80, height: 24)
    let row = try #require(lines.first { $0.contains("primary") })
    #expect(row.hasPrefix("~") && row.contains("ocal:6379") && row.contains("12k") && row.contains("15ms"), "\(row)")
    #expect(lines.contains("routed   readonly-command 90 %, write-command 9 %, pipeline-order 1 %"))
    #expect(lines.last == "q quits")
  }

  @Test(arguments: [(["refused", "late"], true), (["refused", nil], false), ([], false)] as [([String?], Bool)])
  func thatNoSentinelAnswersIsSaid(lost: [String?], isSaid: Bool) throws {
    let status: Document = [
      "topology": ["primary": "a:1", "sentinels": .list(lost.map { ["lost": $0.map(Document.text) ?? .null] })]
    ]
    let head = try #require(TopView.render(status, width: 80, height: 24).first)
    #expect(head.contains("no sentinel answers") == isSaid, "\(head)")
  }

  @Test func whatComesFromElsewhereDoesNotSteerTheTerminal() {
    let evil: Document = ["state": "ok\u{1B}[2J", "version": "\u{7}", "nodes": .list([["name": "a\r\nb"]])]
    for line in TopView.render(evil, width: 80, height: 24) {
      #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 }, "\(line)")
    }
  }

  @Test func anythingCanBeAnswered() {
    for document in [Document.null, .list([]), "x", ["nodes": 3, "routing": "x"], ["nodes": .list([.null, 1])]] {
      #expect(!TopView.render(document, width: 80, height: 24).isEmpty)
    }
  }
}
