import ArgumentParser
import Configuration

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run the ambassador (the default).", discussion: ConfigurationOptions.discussion)

  @OptionGroup var options: ConfigurationOptions

  func run() throws {
    let configuration = try options.load()
    // The one place where the ambassador is started: Ambassador.run(configuration:).
    Terminal.output.write(ConfigurationReference.effective(configuration))
  }
}
