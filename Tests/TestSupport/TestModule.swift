/// A module of our own for redis-server, compiled from Tests/TestModule: `AMB.PUT key value` and `AMB.INDEX name`, of which
/// each uses a key that it does not name.
public final class TestModule: Sendable {
  private let directory: TemporaryDirectory
  public var path: String { directory.file("module.so") }

  public init() throws {
    directory = try TemporaryDirectory()
    let line = ["cc", "-shared", "-fPIC", "-o", path, PackageDirectory.path + "/Tests/TestModule/module.c"]
    let compiler = try ChildProcess(["/usr/bin/env"] + line, output: directory.file("log"))
    let exit = try compiler.waitForExit()
    guard exit == .code(0) else { throw Failure("\(line.joined(separator: " ")): \(compiler.output)") }
  }
}
