import Admin
import ArgumentParser

struct ReloadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reload", abstract: "Read the configuration again and put it in force, without the app noticing.",
    discussion:
      "It says what is about to change, waits until every thread follows the new configuration, and says what came of "
      + "it. Exit code 0: it is in force. 64: it is not valid, and nothing has changed. 1: it is not in force yet, another has "
      + "come in its place, the ambassador ends, or nobody was reached."
  )

  @OptionGroup var options: ControlOptions

  @Flag(name: .customLong("dry-run"), help: "Only say what would change.")
  var isDryRun = false

  func run() throws {
    var exit = ExitCode.success
    try options.withClient { client throws(ControlClient.Failure) in
      do throws(ControlClient.Failure) {
        // So that the plan comes when it is made.
        _ = try client.call("HELLO", "3")
        let answer = try client.call((["RELOAD"] + (isDryRun ? ["DRYRUN"] : [])).map { Array($0.utf8) }) { plan in
          for line in plan.elements.dropFirst() { Terminal.output.write(ControlOptions.text(of: line) + "\n") }
        }
        Terminal.output.write(ControlOptions.text(of: answer) + "\n")
      } catch {
        guard !error.isLost, error.description.hasPrefix("INVALID ") else { throw error }
        Terminal.error.write("redis-amb: \(error.description.dropFirst("INVALID ".count))\n")
        exit = ExitCode(64)
      }
    }
    if exit != .success { throw exit }
  }
}
