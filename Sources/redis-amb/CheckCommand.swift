import ArgumentParser
import Configuration

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Say what is wrong with a configuration, all of it at once.",
    discussion: "The file, the environment and the flags are read as 'run' would read them. "
      + "Exit code 0: it is valid. Exit code 64: it is not.\n\n" + ConfigurationOptions.discussion)

  @OptionGroup var options: ConfigurationOptions

  @Flag(help: "Print the configuration that would be in effect, as a file.")
  var show = false

  func run() throws {
    let configuration = try options.load()
    Terminal.output.write(
      show
        ? ConfigurationReference.effective(configuration)
        : "OK: \(options.file ?? "no file, only the environment and flags")\n")
  }
}
