import TestSupport
import Testing

/// FCALL says nothing of whether its function writes: those that do not are run by replicas, those that do once, on the
/// primary, and nobody hears of the difference.
@Suite(.throughTheAmbassador)
struct FunctionTests {
  static let library = """
    #!lua name=tested
    local function reading(name, callback)
      redis.register_function{function_name=name, callback=callback, flags={'no-writes'}}
    end
    reading('read', function(keys, args) return {redis.call('GET', keys[1]), args[1]} end)
    reading('fail', function(keys) return redis.call('LLEN', keys[1]) end)
    reading('forge', function() return redis.error_reply(
      'ERR Can not execute a script with write flag using *_ro command.') end)
    reading('publish', function() return redis.call('PUBLISH', 'a', 'b') end)
    redis.register_function('count', function(keys) return redis.call('INCR', keys[1]) end)
    """

  private func withFunctions(_ body: (_ lab: Lab, _ client: RESPClient) throws -> Void) throws {
    try withLab { lab in
      try lab.redis.seed([["SET", "key", "value"], ["FUNCTION", "LOAD", "REPLACE", Self.library]])
      try body(lab, try lab.connect())
    }
  }

  @Test func `replicas run what is flagged no-writes`() throws {
    try withFunctions { lab, client in
      let reply = RESPValue.array([.bulk("value"), .bulk("x")])
      try eventually("both of them do, and the primary does not") {
        var calls: [Int] = []
        let others = try lab.redis.calls(of: "fcall") {
          calls = try lab.redis.calls(of: "fcall_ro") {
            for _ in 0..<20 { try expectEqual(try client.call("FCALL", "read", "1", "key", "x"), reply) }
          }
        }
        return others == [0, 0, 0] && calls[0] == 0 && calls[1] > 0 && calls[2] > 0
      }
    }
  }

  @Test(arguments: [2, 3])
  func `others are run once, on the primary, in order`(version: Int) throws {
    try withFunctions { lab, client in
      try client.call("HELLO", "\(version)")
      let (read, count) = (["FCALL", "read", "1", "key"], ["fcall", "count", "1", "n"])
      let answer = { (word: String) in RESPValue.array([.bulk("value"), .bulk(word)]) }
      // Sent at once: functions among other reads, local replies and writes.
      let replies = try client.pipeline([
        ["GET", "key"], count, ["GET", "n"], read + ["1"], ["ECHO", "e"], ["EXISTS", "n"], count, ["INCR", "n"],
        read + ["2"], count, ["GET", "n"], ["STRLEN", "key"],
      ])
      try expectEqual(
        replies,
        [
          .bulk("value"), .integer(1), .bulk("1"), answer("1"), .bulk("e"), .integer(1), .integer(2), .integer(3),
          answer("2"), .integer(4), .bulk("4"), .integer(5),
        ])
      // Known to write by now: nobody is asked in vain.
      let calls = try lab.redis.calls(of: "fcall_ro") {
        for index in 5..<55 { try expectEqual(try client.call(count), .integer(index)) }
      }
      try check(calls.reduce(0, +) < 5, "\(calls)")
      try expectEqual(try lab.primary.call("GET", "n"), .bulk("54"))
      let transaction = try client.pipeline([["MULTI"], count, read + ["3"], ["EXEC"]])
      try expectEqual(transaction.last, .array([.integer(55), answer("3")]))
    }
  }

  @Test func `errors are those of the primary`() throws {
    try withFunctions { lab, client in
      for words in [
        ["FCALL", "fail", "1", "key"], ["FCALL", "forge", "0"], ["FCALL", "publish", "0"], ["FCALL", "none", "0"],
        ["FCALL", "read", "5", "key"], ["FCALL", "read", "x", "key"], ["FCALL", "read"], ["FCALL"],
        ["FCALL", "", "0"], ["FCALL", "read", "0"], ["FCALL_RO", "count", "1", "n"], ["FCALL_RO", "forge", "0"],
        ["EVAL_RO", "#!lua\nreturn 1", "0"], ["EVAL_RO", "#!lua flags=no-writes\nreturn redis.call('INCR', 'n')", "0"],
      ] {
        for _ in 0..<3 { try expectEqual(try client.call(words), try lab.primary.call(words), "\(words)") }
        try expectEqual(
          try client.pipeline([words, ["GET", "key"], words]),
          [try lab.primary.call(words), .bulk("value"), try lab.primary.call(words)], "\(words)")
      }
    }
  }

  /// The ambassador's own calls are among these spellings.
  @Test func `what a client asks in the read-only form never writes, however it is spelled`() throws {
    try withFunctions { lab, client in
      let letters = Array("fcall_ro")
      let refusal = try lab.primary.call("FCALL_RO", "count", "1", "n")
      for mask in 0..<256 {
        let name = String(
          letters.enumerated().map { index, letter in
            mask >> index & 1 == 1 ? Character(letter.uppercased()) : letter
          })
        try expectEqual(try client.call(name, "count", "1", "n"), refusal, name)
        try expectEqual(
          try client.call(name, "read", "1", "key", "x"), .array([.bulk("value"), .bulk("x")]), name)
      }
      try expectEqual(try lab.primary.call("EXISTS", "n"), .integer(0))
    }
  }

  @Test func `a user may call who may not in the read-only form`() throws {
    try withFunctions { lab, client in
      for node in lab.redis.nodes {
        try node.call("ACL", "SETUSER", "caller", "on", ">secret", "~*", "&*", "+fcall", "+get", "+incr")
      }
      try expectEqual(try client.call("AUTH", "caller", "secret"), .simple("OK"))
      for index in 1...20 {
        try expectEqual(
          try client.call("FCALL", "read", "1", "key", "x"), .array([.bulk("value"), .bulk("x")]))
        try expectEqual(try client.call("FCALL", "count", "1", "n"), .integer(index))
      }
    }
  }

  @Test func `long calls are like short ones`() throws {
    try withFunctions { lab, client in
      for (index, size) in [1000, 60_000, 70_000, 900_000, 1_200_000].enumerated() {
        let word = String(repeating: "w", count: size)
        try expectEqual(
          try client.call("FCALL", "read", "1", "key", word), .array([.bulk("value"), .bulk(word)]))
        try expectEqual(try client.call("FCALL", "count", "1", "n", word), .integer(index + 1))
      }
    }
  }
}
