import Admin
import ArgumentParser
import Configuration

/// Where the ambassador listens that a command speaks to.
struct ControlOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The control socket; without it, the one that $\(Self.variable) names, else \(AmbassadorConfiguration.Admin.defaultSocket).",
      valueName: "path"))
  var socket: String?

  static let variable = "REDIS_AMB_ADMIN_SOCKET"

  private var path: String {
    if let socket { return socket }
    let named = Environment.current[Self.variable] ?? ""
    return named.isEmpty ? AmbassadorConfiguration.Admin.defaultSocket : named
  }

  /// Runs what speaks to the ambassador; when it fails, the reason is on stderr and the exit code is 1.
  func withClient(_ body: (ControlClient) throws(ControlClient.Failure) -> Void) throws {
    do throws(ControlClient.Failure) {
      try body(try ControlClient(path: path))
    } catch {
      Terminal.error.write("redis-amb: \(error)\n")
      throw ExitCode(1)
    }
  }

  /// Asks one thing and prints the answer.
  func printAnswer(_ words: [String]) throws {
    try withClient { client throws(ControlClient.Failure) in
      Terminal.output.write(ControlOptions.text(of: try client.call(words.map { Array($0.utf8) })) + "\n")
    }
  }

  /// An answer as it is printed: a list is its lines.
  static func text(of answer: Document) -> String {
    switch answer {
    case .text(let text): text
    case .list(let elements): elements.map(text).joined(separator: "\n")
    default: answer.json
    }
  }
}
