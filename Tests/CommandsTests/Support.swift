import Foundation

@testable import Commands

extension CommandTable {
  func lookup(_ name: String) -> CommandSpec {
    Array(name.utf8).withUnsafeBytes { lookup($0) }
  }

  func lookup(_ name: String, _ subcommand: String) -> CommandSpec {
    Array(name.utf8).withUnsafeBytes { name in
      Array(subcommand.utf8).withUnsafeBytes { lookup(name, subcommand: $0) }
    }
  }

  /// "get", or "client|setname" through its container.
  func lookup(full name: String) -> CommandSpec {
    let parts = name.split(separator: "|", maxSplits: 1).map(String.init)
    return parts.count == 2 ? lookup(parts[0], parts[1]) : lookup(name)
  }
}

/// The generator's input, read again without the generator.
enum Dump {
  struct Command: Decodable {
    let arity: Int
    let flags: [String]
    let first: Int
    let last: Int
    let step: Int
  }

  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Sources/Commands")

  static let commands: [String: Command] = {
    do {
      let data = try Data(contentsOf: folder.appending(path: "commands-7.0.15.json"))
      return try JSONDecoder().decode([String: Command].self, from: data)
    } catch {
      fatalError("commands-7.0.15.json: \(error)")
    }
  }()

  /// As a server would have sent it: subcommands inside their containers.
  static let live: [LiveCommand] = commands.keys.filter { !$0.contains("|") }.sorted().map { name in
    var command = live(name)
    command.subcommands = commands.keys.filter { $0.hasPrefix(name + "|") }.sorted().map(live)
    return command
  }

  private static func live(_ name: String) -> LiveCommand {
    let command = commands[name]!
    return LiveCommand(
      name: name, arity: command.arity, flags: command.flags, firstKey: command.first, lastKey: command.last,
      keyStep: command.step)
  }
}

/// A child process on files instead of pipes. Not Foundation's: its pipes leak into whatever other tests spawn meanwhile,
/// and then reading "to the end" waits for a server that is never told to stop.
struct Child {
  private let id: pid_t

  init(_ words: [String], input: String = "/dev/null", output: String = "/dev/null") throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    var arguments = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var id: pid_t = 0
    let error = posix_spawnp(&id, words[0], &actions, nil, &arguments, environ)
    guard error == 0 else { throw POSIXError(POSIXErrorCode(rawValue: error) ?? .EINVAL) }
    self.id = id
  }

  /// By force: children of a thread that blocks signals, as dispatch's do, inherit that and never see SIGTERM.
  func terminate() { kill(id, SIGKILL) }

  func wait() -> Int32 {
    var status: Int32 = 0
    while waitpid(id, &status, 0) == -1 && errno == EINTR {}
    return status
  }
}

/// Runs a tool to its end; what it wrote to stdout and stderr.
func run(_ tool: String, _ arguments: [String], input: String = "") throws -> (status: Int32, output: String) {
  let folder = try temporaryFolder()
  defer { try? FileManager.default.removeItem(at: folder) }
  let (stdin, stdout) = (folder.appending(path: "in"), folder.appending(path: "out"))
  try Data(input.utf8).write(to: stdin)
  let status = try Child([tool] + arguments, input: stdin.path, output: stdout.path).wait()
  return (status, String(decoding: try Data(contentsOf: stdout), as: UTF8.self))
}

func temporaryFolder() throws -> URL {
  let folder = FileManager.default.temporaryDirectory.appending(path: "commands-tests-\(UUID().uuidString.prefix(8))")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  return folder
}
