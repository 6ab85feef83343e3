import Testing

@testable import Consistency

@Suite struct ReplicationPointTests {
  static let digits = "7bc1e5a2f0c94d8e8a6b3c1d2e3f405162738495"

  func parse(_ text: String) -> ReplicationPoint? {
    Array(text.utf8).withUnsafeBytes { ReplicationPoint(reply: $0) }
  }

  func info(_ body: String) -> String { "$\(body.utf8.count)\r\n\(body)\r\n" }

  @Test func aPrimary() throws {
    let history = try #require(HistoryID(Self.digits.utf8))
    let body =
      "# Replication\r\nrole:master\r\nconnected_slaves:1\r\nslave0:ip=127.0.0.1,port=7002,state=online,offset=99,lag=0\r\n"
      + "master_replid:\(Self.digits)\r\nmaster_replid2:0000000000000000000000000000000000000000\r\n"
      + "master_repl_offset:812326\r\nsecond_repl_offset:-1\r\nrepl_backlog_active:1\r\n"
    #expect(parse(info(body)) == ReplicationPoint(isPrimary: true, history: history, offset: 812326))
  }

  @Test func aReplicaCountsWhatItHasApplied() throws {
    let history = try #require(HistoryID(Self.digits.utf8))
    let body =
      "# Replication\r\nrole:slave\r\nmaster_host:127.0.0.1\r\nmaster_port:7001\r\nmaster_link_status:up\r\n"
      + "slave_read_repl_offset:700\r\nslave_repl_offset:600\r\nconnected_slaves:0\r\nmaster_replid:\(Self.digits)\r\n"
      + "master_repl_offset:600\r\nsecond_repl_offset:-1\r\n"
    let point = ReplicationPoint(isPrimary: false, history: history, offset: 600)
    #expect(parse(info(body)) == point)
    // RESP3 gives a verbatim string.
    #expect(parse("=\(body.utf8.count + 4)\r\ntxt:\(body)\r\n") == point)
  }

  @Test(arguments: [
    "-NOPERM this user has no permissions to run the 'info' command\r\n", "$0\r\n\r\n", "$-1\r\n", "",
    "$20\r\nrole:master\r\n\r\n",
    "$20\r\nrole:sentinel\r\nmaster_replid:7bc1e5a2f0c94d8e8a6b3c1d2e3f405162738495\r\nmaster_repl_offset:1\r\n\r\n",
    "$20\r\nrole:master\r\nmaster_replid:7bc1e5a2f0c94d8e8a6b3c1d2e3f40516273849\r\nmaster_repl_offset:1\r\n\r\n",
    "$20\r\nrole:master\r\nmaster_replid:7bc1e5a2f0c94d8e8a6b3c1d2e3f40516273849g\r\nmaster_repl_offset:1\r\n\r\n",
    "$20\r\nrole:master\r\nmaster_replid:7bc1e5a2f0c94d8e8a6b3c1d2e3f405162738495\r\nmaster_repl_offset:99999999999999999999\r\n",
    "$20\r\nrole:slave\r\nmaster_replid:7bc1e5a2f0c94d8e8a6b3c1d2e3f405162738495\r\nmaster_repl_offset:1\r\n",
  ])
  func whatIsNoPoint(_ reply: String) {
    #expect(parse(reply) == nil)
  }

  @Test func historiesDifferInEveryDigit() throws {
    let history = try #require(HistoryID(Self.digits.utf8))
    var digits = Array(Self.digits.utf8)
    for index in digits.indices {
      let old = digits[index]
      digits[index] = old == UInt8(ascii: "1") ? UInt8(ascii: "2") : UInt8(ascii: "1")
      #expect(HistoryID(digits) != history)
      digits[index] = old
    }
    #expect(HistoryID(Self.digits.uppercased().utf8) == history)
  }
}
