import TestSupport
import Testing

/// Programs and libraries that people use, with their default settings.
struct ClientProgramTests {
  @Test(.needs(Tool.find("redis-cli"), "redis-cli (apt: redis-tools)"), arguments: ["-2", "-3"])
  func `redis-cli works`(version: String) throws {
    let tool = try #require(Tool.find("redis-cli"))
    try withLab { lab in
      let cli = { (arguments: String...) in
        try Tool.run([tool, "-p", "\(lab.service.port)", version] + arguments)
      }
      try expectEqual(try cli("PING"), "PONG\n")
      try expectEqual(try cli("SET", "key", "a value"), "OK\n")
      try lab.redis.settle()
      try expectEqual(try cli("GET", "key"), "a value\n")
      try check(try cli("INFO", "server").contains("redis_version:"), "INFO")
      try expectEqual(try cli("--raw", "-r", "3", "INCR", "counter"), "1\n2\n3\n")
      try expectEqual(try cli("--scan", "--pattern", "k*"), "key\n")
      let script = "PING\nSET a 1\nGET nothing\nQUIT\n"
      let typed = try Tool.run([tool, "-p", "\(lab.service.port)", version], input: script)
      try check(typed.contains("PONG") && typed.contains("OK"), "typed: \(typed)")
    }
  }

  @Test(.needs(Tool.find("redis-cli"), "redis-cli (apt: redis-tools)"))
  func `redis-cli --pipe loads many commands`() throws {
    let tool = try #require(Tool.find("redis-cli"))
    try withLab { lab in
      let input = (0..<20_000).map { "SET key:\($0) \($0)\r\n" }.joined()
      let output = try Tool.run([tool, "-p", "\(lab.service.port)", "--pipe"], input: input)
      try check(output.contains("errors: 0, replies: 20000"), output)
      try expectEqual(try lab.primary.call("DBSIZE"), .integer(20_000))
    }
  }

  @Test(.needs(Tool.find("redis-benchmark"), "redis-benchmark (apt: redis-tools)"), arguments: [1, 16])
  func `redis-benchmark runs to its end`(pipeline: Int) throws {
    let tool = try #require(Tool.find("redis-benchmark"))
    try withLab { lab in
      let output = try Tool.run([
        tool, "-p", "\(lab.service.port)", "-n", "5000", "-c", "20", "-r", "1000", "-P", "\(pipeline)", "--csv",
        "-t", "ping,set,get,incr,lpush,rpush,lpop,sadd,hset,spop,zadd,zpopmin,lrange_100,mset",
      ])
      try check(!output.lowercased().contains("err"), output)
      for test in ["SET", "GET", "INCR", "LRANGE_100 (first 100 elements)", "MSET (10 keys)"] {
        try check(output.contains("\"\(test)\""), "\(test) is missing in \(output)")
      }
    }
  }

  @Test(arguments: ClientProgram.libraries)
  func `client libraries work`(program: ClientProgram) throws {
    try withLab { try program.run(against: $0.service.port) }
  }

  @Test(arguments: ClientProgram.applications)
  func `applications built on them work`(program: ClientProgram) throws {
    try withLab { try program.run(against: $0.service.port) }
  }
}

extension Trait where Self == ConditionTrait {
  /// Skips without the tool, with its name; in CI the test runs and fails instead.
  static func needs(_ tool: @autoclosure @escaping @Sendable () -> String?, _ name: String) -> Self {
    .enabled(if: Tool.isCI || tool() != nil, "\(name) is not installed")
  }
}
