import Foundation
import Testing

@testable import Commands

@Suite("Arity and keys of a command")
struct CommandSpecTests {
  let table = CommandTable.builtin

  @Test("A spec is a small trivial value")
  func layout() {
    #expect(MemoryLayout<CommandSpec>.size == 21)
    #expect(_isPOD(CommandSpec.self))
  }

  @Test("Arity: exactly, at least, or not known")
  func arity() {
    #expect((1...4).map { table.lookup("get").accepts(argumentCount: $0) } == [false, true, false, false])
    #expect((1...4).map { table.lookup("del").accepts(argumentCount: $0) } == [false, true, true, true])
    #expect((1...4).map { CommandSpec.unknown.accepts(argumentCount: $0) } == [true, true, true, true])
    #expect(
      table.wrongArgumentCount(table.lookup("client", "SETNAME"))
        == "ERR wrong number of arguments for 'client|setname' command")
  }

  @Test("Key positions")
  func keys() {
    #expect(table.lookup("get").keyRange(argumentCount: 2) == KeyRange(first: 1, last: 1, step: 1))
    #expect(table.lookup("blpop").keyRange(argumentCount: 5) == KeyRange(first: 1, last: 3, step: 1))
    #expect(Array(table.lookup("mset").keyRange(argumentCount: 7).positions) == [1, 3, 5])
    #expect(table.lookup("ssubscribe").keyPositions(argumentCount: 2) == .none)
    #expect(table.lookup("ping").keyPositions(argumentCount: 1) == .none)
    #expect(table.lookup("get").keyPositions(argumentCount: 1) == .none)
    #expect(table.lookup("eval").keyPositions(argumentCount: 5) == .unknown)
    #expect(table.lookup("sort").keyPositions(argumentCount: 2) == .unknown)
    #expect(CommandSpec.unknown.keyPositions(argumentCount: 5) == .unknown)
  }

  @Test("Wrong argument counts are refused in the server's words", .enabled(if: RedisServer.version == "7.0.15"))
  func serverArity() throws {
    let server = try RedisServer()
    // Not those whose run would change the server, and what redis-cli itself gets up to on these names.
    let skipped = [
      "shutdown", "debug", "monitor", "sync", "psync", "failover", "subscribe", "psubscribe", "ssubscribe",
    ]
    let specs = CommandRow.builtin.filter { !skipped.contains($0.name) }.map { table.lookup(full: $0.name) }
    // A container without its subcommand is short of arguments under its own name.
    let short = specs.filter { !table.name(of: $0).contains("|") && abs($0.arity) > 1 || abs($0.arity) > 2 }
    let lines = short.map { spec in
      let words = table.name(of: spec).split(separator: "|").map(String.init)
      return (words + Array(repeating: "x", count: Int(abs(spec.arity)) - 1 - words.count)).joined(separator: " ")
    }
    let replies = try server.ask(lines: lines)
    try #require(replies.count == short.count)
    for (spec, reply) in zip(short, replies) {
      #expect(!spec.accepts(argumentCount: Int(abs(spec.arity)) - 1))
      #expect(reply == "error:\"\(table.wrongArgumentCount(spec))\"")
    }
  }

  @Test("Keys are where COMMAND GETKEYS finds them", .enabled(if: RedisServer.version == "7.0.15"))
  func serverKeys() throws {
    var lines: [String] = []
    var expected: [String] = []
    for row in CommandRow.builtin {
      let spec = table.lookup(full: row.name)
      // PFMERGE without a source is fine, and yet GETKEYS says "Invalid arguments" for its empty range of sources.
      for count in 1...9 where spec.accepts(argumentCount: count) && (row.name, count) != ("pfmerge", 2) {
        guard case .range(let range) = spec.keyPositions(argumentCount: count) else { continue }
        let words = row.name.split(separator: "|").map(String.init)
        lines.append("COMMAND GETKEYS " + (words + (words.count..<count).map { "a\($0)" }).joined(separator: " "))
        expected.append("[" + range.positions.map { "\"a\($0)\"" }.joined(separator: ",") + "]")
      }
    }
    let replies = try RedisServer().ask(lines: lines)
    try #require(replies.count == lines.count)
    #expect(lines.count > 500)
    for (line, (reply, expected)) in zip(lines, zip(replies, expected)) { #expect(reply == expected, "\(line)") }
  }
}
