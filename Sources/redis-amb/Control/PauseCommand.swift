import ArgumentParser

struct PauseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause", abstract: "Let writes wait until 'resume', or for some seconds; reads go on.",
    discussion:
      "It returns when nothing that was sent before is without a reply, or after a second, and says what is left.")

  @OptionGroup var options: ControlOptions

  @Argument(help: "After how many seconds it ends by itself.")
  var seconds: Double?

  func run() throws { try options.printAnswer(["PAUSE"] + (seconds.map { ["\($0)"] } ?? [])) }
}

struct ResumeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "End a pause: what has waited goes on, in order.")

  @OptionGroup var options: ControlOptions

  func run() throws { try options.printAnswer(["RESUME"]) }
}
