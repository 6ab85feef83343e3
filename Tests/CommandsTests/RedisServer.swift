import Foundation

@testable import Commands

/// A throw-away redis-server on a Unix socket, ended with the value's life.
final class RedisServer {
  private let process: Child
  private let folder: URL
  private var socket: String { folder.appending(path: "s").path }

  /// nil where no redis-server is installed.
  static let version: String? = {
    guard let (status, output) = try? run("redis-server", ["--version"]), status == 0 else { return nil }
    return output.split(separator: " ").first { $0.hasPrefix("v=") }.map { String($0.dropFirst(2)) }
  }()

  init() throws {
    folder = try temporaryFolder()
    let socket = folder.appending(path: "s").path
    process = try Child(["redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder.path])
    for _ in 0..<200 where (try? ask(["PING"])) != "\"PONG\"" { Thread.sleep(forTimeInterval: 0.02) }
  }

  deinit {
    process.terminate()
    _ = process.wait()
    try? FileManager.default.removeItem(at: folder)
  }

  /// One command; its reply as JSON, or `error:"..."`.
  func ask(_ arguments: [String]) throws -> String {
    try run("redis-cli", ["-s", socket, "--json"] + arguments).output.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Many commands, one a line; their replies, one a line.
  func ask(lines: [String]) throws -> [String] {
    try run("redis-cli", ["-s", socket, "--json"], input: lines.joined(separator: "\n") + "\n").output
      .split(separator: "\n").map(String.init)
  }

  func commands() throws -> [LiveCommand] {
    let reply = try JSONSerialization.jsonObject(with: Data(ask(["COMMAND"]).utf8))
    return (reply as? [Any] ?? []).compactMap(Self.parse)
  }

  private static func parse(_ element: Any) -> LiveCommand? {
    guard let fields = element as? [Any], fields.count >= 10, let name = fields[0] as? String,
      let arity = fields[1] as? Int, let flags = fields[2] as? [String], let first = fields[3] as? Int,
      let last = fields[4] as? Int, let step = fields[5] as? Int, let subcommands = fields[9] as? [Any]
    else { return nil }
    return LiveCommand(
      name: name, arity: arity, flags: flags, firstKey: first, lastKey: last, keyStep: step,
      subcommands: subcommands.compactMap(parse))
  }
}
