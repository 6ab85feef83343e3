import ArgumentParser

/// The command line: a file a subcommand.
@main
struct RedisAmb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "redis-amb",
    abstract: "An ambassador for Redis: the app talks to localhost, the ambassador finds the right node.",
    discussion: "Without a subcommand it runs; 'redis-amb run --help' lists the settings.",
    version: Version.text,
    subcommands: [
      RunCommand.self, CheckCommand.self, StatusCommand.self, TopCommand.self, ExplainCommand.self, PauseCommand.self,
      ResumeCommand.self, DrainCommand.self, ReloadCommand.self, DemoCommand.self,
    ],
    defaultSubcommand: RunCommand.self)
}
