import Admin
import ArgumentParser

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Say where a running ambassador would send a command now, and why.",
    discussion: "Nothing is sent to a node. Example: redis-amb explain GET user:1")

  @OptionGroup var options: ControlOptions

  @Argument(
    parsing: .captureForPassthrough, help: ArgumentHelp("The command as a client would send it.", valueName: "word"))
  var words: [String]

  func run() throws { try options.printAnswer(["EXPLAIN"] + (words.first == "--" ? Array(words.dropFirst()) : words)) }
}
