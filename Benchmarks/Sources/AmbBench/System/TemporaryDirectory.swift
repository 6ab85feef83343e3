import Glibc

/// One flat directory for every generated configuration and log; it goes when the bench goes.
struct TemporaryDirectory: Sendable {
  let path: String

  init() throws {
    var template = Array("/tmp/amb-bench.XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw BenchError("cannot make a temporary directory in /tmp: \(String(cString: strerror(errno)))")
    }
    path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
  }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  func remove() {
    for name in Files.names(in: path) { unlink(file(name)) }
    rmdir(path)
  }
}
