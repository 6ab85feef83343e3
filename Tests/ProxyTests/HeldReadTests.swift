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

  @Test("A function that only reads is run by a replica, one that writes waits for a primary")
  func functions() throws {
    let (primary, replica) = (try RedisServer(), try RedisServer())
    let library = """
      #!lua name=l
      redis.register_function{function_name='read', callback=function(k) return redis.call('GET', k[1]) end,
        flags={'no-writes'}}
      redis.register_function('count', function(k) return redis.call('INCR', k[1]) end)
      """
    for server in [primary, replica] { try server.call("FUNCTION", "LOAD", library) }
    try replica.call("SET", "key", "value")
    try replica.call("RPUSH", "list", "element")
    let workers = try WorkersUnderTest()
    workers.workers[0].follow(try WorkersUnderTest.topology(primary: nil, replicas: [replica]))
    let (reader, writer) = (try workers.connect(), try workers.connect())
    try eventually("it is read") { try reader.call("FCALL", "read", "1", "key") == .bulk("value") }
    let takenBack = WorkerQuestion { $0.pointee.counters.takenBack }
    let before = try workers.ask(0, takenBack)
    let count = ["FCALL", "count", "1", "n"]
    try writer.send(Request.bytes(pipeline: [count, ["GET", "n"], count]))
    try eventually("it waits") { try workers.ask(0, takenBack) > before }
    try check(try reader.call("FCALL", "read", "1", "key") == .bulk("value"), "it does not")
    try check(try replica.call("EXISTS", "n") == .integer(0), "no replica runs it")
    let wrong = ["FCALL", "read", "1", "list"]
    try check(try reader.call(wrong) == replica.call(wrong), "its own failures are told at once")
    workers.workers[0].follow(try WorkersUnderTest.topology(primary: primary, replicas: [replica], reign: 2))
    let replies = try writer.replies(3)
    try check(replies == [.integer(1), .bulk("1"), .integer(2)], "\(replies)")
  }
}
