/// One command of the control socket: what it is called, how it explains itself, and what it does. One row a command.
public struct ControlCommand {
  /// In capitals.
  public let name: String
  /// What may stand behind the name, as in `[JSON|MAP]`; empty for nothing.
  public let arguments: String
  /// How many words may.
  public let count: ClosedRange<Int>
  /// One line for the list of commands, beginning with a verb.
  public let summary: String
  /// What else a person should know, shown by `HELP name`; a line each.
  public let details: [String]
  /// It is there for clients that ask without being told to, and not listed.
  public let isHidden: Bool
  /// Answers the request now or later.
  public let run: (ControlRequest) -> Void

  /// - Parameter run: must answer the request it is given, now or later; nothing else on its connection is run before.
  public init(
    _ name: String, _ arguments: String = "", count: ClosedRange<Int> = 0...0, summary: String,
    details: [String] = [], isHidden: Bool = false, run: @escaping (ControlRequest) -> Void
  ) {
    self.name = name
    self.arguments = arguments
    self.count = count
    self.summary = summary
    self.details = details
    self.isHidden = isHidden
    self.run = run
  }

  var usage: String { arguments.isEmpty ? name : "\(name) \(arguments)" }
}

/// The commands of a control socket, and how they are told to people.
struct ControlCommands {
  private let rows: [ControlCommand]

  /// Adds `HELP` and what every server has to the commands given.
  init(_ commands: [ControlCommand]) {
    // redis-cli answers HELP itself, from its own memory, and has another name for it therefore.
    func help(_ run: @escaping (ControlRequest) -> Void) -> [ControlCommand] {
      let summary = "list the commands, or explain one"
      return [
        ControlCommand("COMMANDS", "[COMMAND]", count: 0...1, summary: summary, run: run),
        ControlCommand("HELP", "[COMMAND]", count: 0...1, summary: summary, isHidden: true, run: run),
      ]
    }
    let ping = ControlCommand("PING", summary: "answer PONG") { $0.answer(.status("PONG")) }
    let others = commands + [ping] + Self.courtesies
    let explained = others + help { _ in }
    rows = others + help { $0.answer(Self.help($0.arguments.first, of: explained)) }
  }

  func find(_ name: String) -> ControlCommand? {
    let name = name.uppercased()
    return rows.first { $0.name == name }
  }

  /// What `name HELP` is answered.
  func help(_ name: String) -> ControlReply { Self.help(name, of: rows) }

  private static func help(_ name: String?, of rows: [ControlCommand]) -> ControlReply {
    guard let name else {
      let listed = rows.filter { !$0.isHidden }
      let width = listed.map(\.usage.count).max() ?? 0
      let lines = listed.map { $0.usage + String(repeating: " ", count: width - $0.usage.count + 2) + $0.summary }
      return .text(lines + ["COMMAND HELP, as in STATUS HELP, says more of one."])
    }
    guard let row = rows.first(where: { $0.name == name.uppercased() }) else {
      return .failure("ERR there is no command '\(name)'; COMMANDS lists them")
    }
    return .text(["\(row.usage): \(row.summary)."] + row.details)
  }

  /// What clients of Redis ask when they connect, without anybody having told them to.
  private static var courtesies: [ControlCommand] {
    func harmless(_ name: String, _ reply: ControlReply) -> ControlCommand {
      ControlCommand(name, "...", count: 0...1000, summary: "do nothing", isHidden: true) { $0.answer(reply) }
    }
    return [
      harmless("COMMAND", .document(.list([]))), harmless("CLIENT", .status("OK")), harmless("SELECT", .status("OK")),
    ]
  }
}
