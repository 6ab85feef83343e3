import ArgumentParser

struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo", abstract: "Show a failover on this machine, with servers of its own.")

  func run() throws {
    Terminal.error.write("redis-amb demo: not there yet\n")
    throw ExitCode.failure
  }
}
