import Ambassador
import ArgumentParser
import Configuration

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run the ambassador (the default).", discussion: ConfigurationOptions.discussion)

  @OptionGroup var options: ConfigurationOptions

  func run() throws {
    Ambassador.holdSignals()
    let configuration = try options.load()
    do {
      try Ambassador.run(configuration, from: options.inputs)
    } catch {
      Terminal.error.write("redis-amb: \(error)\n")
      throw ExitCode(1)
    }
  }
}
