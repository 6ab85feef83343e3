import TestSupport
import Testing

/// A program in Tests/ClientPrograms: a client library, or an application built on one, with its default settings. It is
/// given a port, finds an empty database there, and says "fine" at its end.
struct ClientProgram: Sendable, CustomTestStringConvertible {
  enum Language: Sendable {
    /// With the module that must be there.
    case python(String)
    case ruby(String)
    case perl(String)
    case php(String)
    case node, c
  }

  let name: String
  let file: String
  let language: Language
  var arguments: [String] = []

  var testDescription: String { ([name] + arguments).joined(separator: " ") }

  static let libraries: [ClientProgram] = [
    .init(name: "redis-py", file: "redis_py.py", language: .python("redis"), arguments: ["2"]),
    .init(name: "redis-py", file: "redis_py.py", language: .python("redis"), arguments: ["3"]),
    .init(name: "redis-py asyncio", file: "redis_py_asyncio.py", language: .python("redis"), arguments: ["2"]),
    .init(name: "redis-py asyncio", file: "redis_py_asyncio.py", language: .python("redis"), arguments: ["3"]),
    .init(name: "node-redis", file: "node_redis.js", language: .node),
    .init(name: "php-redis", file: "php_redis.php", language: .php("redis")),
    .init(name: "ruby-redis", file: "ruby_redis.rb", language: .ruby("redis")),
    .init(name: "Perl's Redis", file: "perl_redis.pl", language: .perl("Redis")),
    .init(name: "hiredis", file: "hiredis_client.c", language: .c),
  ]

  static let applications: [ClientProgram] = [
    .init(name: "RQ", file: "rq_jobs.py", language: .python("rq")),
    .init(name: "Celery", file: "celery_tasks.py", language: .python("celery")),
    .init(name: "huey", file: "huey_tasks.py", language: .python("huey")),
    .init(name: "channels_redis", file: "channels_layer.py", language: .python("channels_redis")),
    .init(name: "django-redis", file: "django_cache.py", language: .python("django_redis")),
    .init(name: "Sidekiq", file: "sidekiq_jobs.rb", language: .ruby("sidekiq")),
  ]

  /// The command line that runs it, nil when what it needs is not installed. A program in C is compiled into `directory`.
  func commandLine(port: UInt16, in directory: TemporaryDirectory) throws -> [String]? {
    let source = "\(PackageDirectory.path)/Tests/ClientPrograms/\(file)"
    guard var line = try interpreter(of: source, directory) else { return nil }
    line += ["\(port)"] + arguments
    return line
  }

  private func interpreter(of source: String, _ directory: TemporaryDirectory) throws -> [String]? {
    switch language {
    case .python(let module): return Tool.python(importing: module).map { [$0, source] }
    case .node: return Tool.node.map { [$0, source] }
    case .ruby(let library):
      return Tool.find("ruby", thatRuns: ["-e", "require '\(library)'"]).map { [$0, source] }
    case .perl(let module): return Tool.find("perl", thatRuns: ["-M\(module)", "-e", "1"]).map { [$0, source] }
    case .php(let part):
      return Tool.find("php", thatRuns: ["-r", "exit(extension_loaded('\(part)') ? 0 : 1);"]).map { [$0, source] }
    case .c:
      guard let compiler = Tool.find("clang") ?? Tool.find("cc") else { return nil }
      let program = directory.file("program")
      try Tool.run([compiler, "-o", program, source, "-lhiredis"])
      return [program]
    }
  }

  func run(against port: UInt16) throws {
    let directory = try TemporaryDirectory()
    guard let line = try commandLine(port: port, in: directory) else {
      return try check(!Tool.isCI, "what \(name) needs is not installed (make test-packages)")
    }
    let environment = ["PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"].merging(Tool.nodeEnvironment) { $1 }
    let output = try Tool.run(line, environment: environment)
    try check(output.hasSuffix("fine\n"), output)
  }
}
