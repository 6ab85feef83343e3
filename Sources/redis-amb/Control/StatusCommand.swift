import ArgumentParser

struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Say how a running ambassador, its nodes and its clients are.",
    discussion: "Rates and latencies are of the last seconds, everything else counts from the start.")

  @OptionGroup var options: ControlOptions

  @Flag(help: "All of it as JSON, on one line; times in seconds, sizes in bytes.")
  var json = false

  func run() throws { try options.printAnswer(json ? ["STATUS", "JSON"] : ["STATUS"]) }
}
