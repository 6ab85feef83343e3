import Testing

@testable import Configuration

@Suite struct SettingTypeTests {
  @Test(arguments: [
    ("1", 1), ("64", 64), ("007", 7),
  ]) func integers(_ text: String, _ value: Int) {
    #expect(read(text, as: .integer(1...64)) == .value(value))
  }

  @Test(arguments: ["0", "65", "-1", "+1", "1.0", "1e1", "0x1", " 1", "1 ", "one", "99999999999999999999", "١"])
  func notIntegers(_ text: String) {
    #expect(read(text, as: .integer(1...64)) == .rejected(nil))
  }

  @Test(arguments: [
    ("500ms", Duration.milliseconds(500)), ("2s", .seconds(2)), ("1m", .seconds(60)), ("1h", .seconds(3600)),
    ("0s", .zero), ("0ms", .zero),
  ]) func durations(_ text: String, _ value: Duration) {
    #expect(read(text, as: .duration(.zero ... .seconds(3600))) == .value(value))
  }

  @Test(arguments: [
    ("5", "a duration needs a unit: ms, s, m or h"), ("0", "a duration needs a unit: ms, s, m or h"),
    ("5 s", "the units are ms, s, m and h"), ("5sec", "the units are ms, s, m and h"),
    ("5S", "the units are ms, s, m and h"), ("1.5s", "the units are ms, s, m and h"),
    ("1m30s", "the units are ms, s, m and h"), ("s", nil), ("-1s", nil), ("61m", nil), ("2h", nil),
    ("9223372036854775807h", nil), ("99999999999999999999s", nil),
  ]) func notDurations(_ text: String, _ hint: String?) {
    #expect(read(text, as: .duration(.zero ... .seconds(3600))) == .rejected(hint))
  }

  @Test(arguments: [
    ("64MiB", 64 << 20), ("10MB", 10_000_000), ("65536", 65536), ("1KiB", 1024), ("1KB", 1000), ("1kB", 1000),
    ("1GiB", 1 << 30), ("1GB", 1_000_000_000), ("5B", 5), ("0", 0),
  ]) func sizes(_ text: String, _ value: Int) {
    #expect(read(text, as: .size(0...1 << 40)) == .value(value))
  }

  @Test(arguments: [
    ("64Mi", "did you mean \"64MiB\"?"), ("64M", "did you mean \"64MiB\"?"), ("64mb", "did you mean \"64MiB\"?"),
    ("64mib", "did you mean \"64MiB\"?"), ("1g", "did you mean \"1GiB\"?"), ("64 MiB", nil), ("64XB", nil),
    ("MiB", nil), ("-1", nil), ("1.5MiB", nil), ("2TiB", nil), ("9223372036854775807TiB", nil),
  ]) func notSizes(_ text: String, _ hint: String?) {
    #expect(read(text, as: .size(0...1 << 40)) == .rejected(hint))
  }

  @Test(arguments: [("true", true), ("false", false)]) func booleans(_ text: String, _ value: Bool) {
    #expect(read(text, as: .boolean) == .value(value))
  }

  @Test(arguments: [
    ("yes", "did you mean \"true\"?"), ("0", "did you mean \"false\"?"), ("TRUE", "did you mean \"true\"?"),
    ("maybe", nil),
  ]) func notBooleans(_ text: String, _ hint: String?) {
    #expect(read(text, as: .boolean) == .rejected(hint))
  }

  @Test func words() {
    #expect(read("prefer-replica", as: .word(AmbassadorConfiguration.ReadPolicy.self)) == .value(.preferReplica))
    #expect(
      read("prefer-replcia", as: .word(AmbassadorConfiguration.ReadPolicy.self))
        == .rejected("did you mean \"prefer-replica\"?"))
    #expect(read("Any", as: .word(AmbassadorConfiguration.ReadPolicy.self)) == .rejected("did you mean \"any\"?"))
    #expect(read("nearest", as: .word(AmbassadorConfiguration.ReadPolicy.self)) == .rejected(nil))
  }

  @Test func textsAndPaths() {
    #expect(read("app user \u{e9}", as: .string) == .value("app user \u{e9}"))
    #expect(read("", as: .string) == .rejected(nil))
    #expect(read("a\u{0}b", as: .string) == .rejected("control characters are not allowed"))
    #expect(read(String(repeating: "x", count: 513), as: .string) == .rejected(nil))
    #expect(read("/run/secrets/redis", as: .path) == .value("/run/secrets/redis"))
    #expect(read("~/redis", as: .path) == .rejected("~ is not expanded: write the whole path"))
    #expect(read(String(repeating: "x", count: 4096), as: .path) == .rejected(nil))
  }

  @Test func off() {
    #expect(read("off", as: .orOff(.integer(1...9))) == .value(nil))
    #expect(read("3", as: .orOff(.integer(1...9))) == .value(3))
    #expect(read("none", as: .orOff(.integer(1...9))) == .rejected(nil))
    let lag = SettingType<Duration?>.orOff(.duration(.milliseconds(100) ... .seconds(3600)))
    #expect(read("100ms", as: lag) == .value(.milliseconds(100)))
    #expect(read("99ms", as: lag) == .rejected(nil) && read("0s", as: lag) == .rejected(nil))
    #expect(read("1", as: lag) == .rejected("a duration needs a unit: ms, s, m or h"))
    #expect(SettingType<Int?>.orOff(.integer(1...9)).render(nil) == "off")
  }

  @Test func optional() {
    #expect(read("", as: .optional(.string)) == .value(nil))
    #expect(read("x", as: .optional(.string)) == .value("x"))
    #expect(SettingType<String?>.optional(.string).render(nil) == "")
  }

  @Test(arguments: [
    ("redis-0:6380", Endpoint(host: "redis-0", port: 6380)), ("redis-0", Endpoint(host: "redis-0", port: 6379)),
    ("r_0.redis.svc.cluster.local.:1", Endpoint(host: "r_0.redis.svc.cluster.local.", port: 1)),
    ("10.0.0.1:65535", Endpoint(host: "10.0.0.1", port: 65535)), ("[::1]", Endpoint(host: "::1", port: 6379)),
    ("[2001:db8::7]:7000", Endpoint(host: "2001:db8::7", port: 7000)),
    ("[fe80::1%eth0]:7000", Endpoint(host: "fe80::1%eth0", port: 7000)),
  ]) func endpoints(_ text: String, _ value: Endpoint) {
    #expect(read(text, as: .endpoint(defaultPort: 6379)) == .value(value))
    #expect(read(value.description, as: .endpoint(defaultPort: 1)) == .value(value))
  }

  @Test(arguments: [
    ("redis://redis-0:6379", "leave out the scheme"), ("user:pw@redis-0", "credentials are not part of an address"),
    ("::1", "an IPv6 address goes in brackets: [::1]"), ("[::1", "the bracket is not closed"),
    ("[redis]:1", "there is no IPv6 address in the brackets"), ("[::1%]:1", "there is no IPv6 address in the brackets"),
    ("[]:1", "there is no IPv6 address in the brackets"), ("[::1]6379", nil),
    ("a:0", "a port is a number from 1 to 65535"), ("a:65536", "a port is a number from 1 to 65535"),
    ("a:", "a port is a number from 1 to 65535"), ("a:b", "a port is a number from 1 to 65535"),
    ("a:+1", "a port is a number from 1 to 65535"), ("a:1:2", "a port is a number from 1 to 65535"),
    (":6379", nil), ("10.0.0.256", nil), ("10.0.0", nil), ("6379", nil), ("a..b", nil), (".", nil), ("-a", nil),
    ("a b", nil), ("caf\u{e9}", nil), (String(repeating: "a", count: 64), nil),
  ]) func notEndpoints(_ text: String, _ hint: String?) {
    #expect(read(text, as: .endpoint(defaultPort: 6379)) == .rejected(hint))
  }

  @Test(arguments: [
    ("127.0.0.1:0", ListenAddress.tcp(Endpoint(host: "127.0.0.1", port: 0))),
    ("localhost", .tcp(Endpoint(host: "localhost", port: 6379))), ("[::]:1", .tcp(Endpoint(host: "::", port: 1))),
    ("unix:/run/r.sock", .unix(path: "/run/r.sock")),
  ]) func listenAddresses(_ text: String, _ value: ListenAddress) {
    #expect(read(text, as: .listenAddress(defaultPort: 6379)) == .value(value))
    #expect(read(value.description, as: .listenAddress(defaultPort: 1)) == .value(value))
  }

  @Test(arguments: [
    ("/run/r.sock", "did you mean \"unix:/run/r.sock\"?"), ("unix:r.sock", "the path of a socket starts with /"),
    ("unix:/" + String(repeating: "x", count: 107), "the path of a socket has at most 107 bytes"),
    ("*:6379", "write 0.0.0.0 or [::] to listen on every interface"),
    (":6379", "write 0.0.0.0 or [::] to listen on every interface"),
    ("6379", "did you mean \"127.0.0.1:6379\"?"),
    ("redis-amb:6379", "give an IP address of this machine, not a name"),
    ("localhost.localdomain", "give an IP address of this machine, not a name"),
  ]) func notListenAddresses(_ text: String, _ hint: String?) {
    #expect(read(text, as: .listenAddress(defaultPort: 6379)) == .rejected(hint))
  }

  @Test func socketPaths() {
    let longest = "/" + String(repeating: "x", count: 106)
    #expect(read(longest, as: .socketPath) == .value(longest))
    #expect(read(longest + "x", as: .socketPath) == .rejected(nil))
    #expect(read("~/r.sock", as: .socketPath) == .rejected("~ is not expanded: write the whole path"))
  }
}

private enum Outcome<Value: Equatable>: Equatable {
  case value(Value)
  /// With its hint.
  case rejected(String?)
}

private func read<Value>(_ text: String, as type: SettingType<Value>) -> Outcome<Value> {
  var rejections: [Rejection] = []
  let value = type.decode(RawValue(content: .text(text), source: .nowhere), &rejections)
  if let value, rejections.isEmpty { return .value(value) }
  return .rejected(rejections.first?.hint)
}
