import ArgumentParser
import Configuration

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Say what is wrong with a configuration, all of it at once.",
    discussion: "The file, the environment and the flags are read as 'run' would read them. "
      + "Exit code 0: it is valid. Exit code 64: it is not. A file for a secret that cannot be read here is only noted: "
      + "it may be there where the ambassador runs.\n\n" + ConfigurationOptions.discussion)

  @OptionGroup var options: ConfigurationOptions

  @Flag(help: "Print the configuration that would be in effect, as a file.")
  var show = false

  func run() throws {
    let configuration = try options.load()
    noteSecrets(of: configuration)
    Terminal.output.write(
      show
        ? ConfigurationReference.effective(configuration)
        : "OK: \(options.file ?? "no file, only the environment and flags")\n")
  }

  /// On stderr, so that what is shown stays a file.
  private func noteSecrets(of configuration: AmbassadorConfiguration) {
    for (key, path) in configuration.secretFiles {
      do throws(SecretFileError) { _ = try SecretFile.read(path) } catch {
        Terminal.error.write("note: \(key): \(error.description(at: "here"))\n")
      }
    }
  }
}
