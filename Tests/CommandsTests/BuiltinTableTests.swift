import Testing

@testable import Commands

@Suite("The built-in table")
struct BuiltinTableTests {
  let table = CommandTable.builtin

  @Test("The generated file is what the generator gives")
  func generated() throws {
    let script = Dump.folder.appending(path: "Generate/generate-command-table.py").path
    let (status, output) = try run("python3", [script, "--check"])
    #expect(status == 0, "\(output)")
  }

  @Test("Every command of the dump is there with its flags, arity and keys")
  func dump() {
    #expect(Dump.commands.count == 366)
    for (name, command) in Dump.commands { expect(name, command, in: table) }
  }

  @Test("It is what redis-server 7.0.15 replies to COMMAND", .enabled(if: RedisServer.version == "7.0.15"))
  func liveServer() throws {
    let live = try RedisServer().commands()
    #expect(live.count == 240)
    let rows = CommandRow.flatten(live)
    #expect(Set(rows.map(\.name)) == Set(CommandRow.builtin.map(\.name)))
    for row in rows {
      let builtin = try #require(CommandRow.builtin.first { $0.name == row.name })
      #expect(row == builtin)
    }
  }

  @Test("Every flag word of the dump has its flag")
  func flagWords() {
    let words = Set(Dump.commands.values.flatMap(\.flags))
    // No command of the server's own has the last one.
    #expect(Set(CommandFlags.words.map(\.word)) == words.union(["module"]))
    #expect(Set(CommandFlags.words.map(\.flag)).count == words.count + 1)
  }

  private func expect(_ name: String, _ command: Dump.Command, in table: CommandTable) {
    let spec = table.lookup(full: name)
    let hidden: CommandFlags = [.container, .mayReplicate]
    #expect(table.name(of: spec) == name)
    #expect(spec.flags.subtracting(hidden) == CommandFlags(words: command.flags), "\(name)")
    #expect(
      [spec.arity, spec.firstKey, spec.lastKey, spec.keyStep].map(Int.init)
        == [command.arity, command.first, command.last, command.step], "\(name)")
    #expect(spec.flags.contains(.container) == Dump.commands.keys.contains { $0.hasPrefix(name + "|") }, "\(name)")
  }
}
