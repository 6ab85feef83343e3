import Admin
import ArgumentParser

struct DrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drain", abstract: "Let clients finish, then end a running ambassador, as SIGTERM does.",
    discussion: "It returns when the ambassador has ended.")

  @OptionGroup var options: ControlOptions

  @Argument(help: "How many seconds clients have at the most; without it, shutdown.drain.")
  var seconds: Double?

  func run() throws {
    try options.withClient { client throws(ControlClient.Failure) in
      let answer = try client.call((["DRAIN"] + (seconds.map { ["\($0)"] } ?? [])).map { Array($0.utf8) })
      Terminal.output.write(ControlOptions.text(of: answer) + "\n")
      guard client.waitForEnd(within: 86400) else { return }
      Terminal.output.write("ended\n")
    }
  }
}
