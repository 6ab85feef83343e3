/// The versions of everything that takes part.
enum Versions {
  static func lines(_ options: Options, _ supervisor: ProcessSupervisor, _ directory: TemporaryDirectory) throws -> [(
    String, String
  )] {
    var lines = [("redis-server", try firstLine(["redis-server", "--version"], supervisor, directory))]
    if let program = Files.program("redis-benchmark") {
      lines.append(("redis-benchmark", try firstLine([program, "--version"], supervisor, directory)))
    }
    for kind in options.targets {
      guard let recipe = options.recipe(kind) else { continue }
      let line = try firstLine([try recipe.program()] + recipe.versionArguments, supervisor, directory)
      lines.append((kind.rawValue, line))
    }
    return lines
  }

  private static func firstLine(
    _ arguments: [String], _ supervisor: ProcessSupervisor, _ directory: TemporaryDirectory
  ) throws -> String {
    let log = directory.file("version.txt")
    let child = try supervisor.spawn(arguments, log: log)
    _ = try supervisor.wait(for: child, seconds: 10)
    return (Files.read(log) ?? "").split(separator: "\n").first.map(String.init) ?? "unknown"
  }
}
