import TestSupport
import Testing

@testable import Proxy

@Suite("Reads while there is no primary")
struct HeldReadTests {
  /// Its connections are refused a while, so that the next attempt is put off: nothing but the one who waits asks for it.
  @Test("One that waits for a replica's connection gets it when that can be had again")
  func backoff() throws {
    let replica = try RedisServer()
    try replica.call("SET", "key", "value")
    var settings = WorkerSettings()
    settings.limits.hold = 3600
    let workers = try WorkersUnderTest(settings: settings)
    let topology = try WorkersUnderTest.topology(primary: nil, replicas: [replica])
    workers.workers[0].follow(topology)
    let client = try workers.connect()
    try eventually("it is read") { try client.call("GET", "key") == .bulk("value") }
    replica.kill()
    try client.send(Request.bytes(["GET", "key"]))
    // Discovery finds it fit all the while. Any time will do; in this one, attempts are refused and put off.
    pause(.milliseconds(300))
    try replica.start()
    try replica.call("SET", "key", "back")
    let reply = try client.reply().value
    try check(reply == .bulk("back") || reply == .nullBulk, "\(reply)")
  }

  /// It has been silent, so nobody else gets a read there before it speaks.
  @Test("One that comes while the only replica is silent gets it when that speaks again")
  func silence() throws {
    let (replica, other) = (try RedisServer(), try RedisServer())
    try replica.call("SET", "key", "value")
    var settings = WorkerSettings()
    settings.limits.hold = 3600
    let workers = try WorkersUnderTest(settings: settings)
    workers.workers[0].follow(try WorkersUnderTest.topology(primary: nil, replicas: [replica, other]))
    let clients = try (0..<8).map { _ in try workers.connect() }
    for client in clients { _ = try client.call("GET", "key") }
    for node in [replica, other] { node.freeze() }
    for client in clients { try client.send(Request.bytes(["GET", "key"])) }
    // Any time will do; in this one, both count as silent.
    pause(.milliseconds(300))
    let late = try workers.connect()
    try late.send(Request.bytes(["GET", "key"]))
    other.kill()
    workers.workers[0].follow(try WorkersUnderTest.topology(primary: nil, replicas: [replica]))
    replica.thaw()
    for client in clients + [late] {
      let reply = try client.reply().value
      try check(reply == .bulk("value") || reply == .nullBulk, "\(reply)")
    }
  }
}
