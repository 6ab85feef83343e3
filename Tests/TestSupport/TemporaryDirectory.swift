import Glibc

/// A directory that goes away, with the files in it, when nobody holds it any more.
public final class TemporaryDirectory: Sendable {
  public let path: String

  public init() throws {
    var template = Array("/tmp/redis-amb-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw systemFailure("mkdtemp") }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  public func file(_ name: String) -> String { "\(path)/\(name)" }

  public func write(_ text: String, to name: String) throws -> String {
    let path = file(name)
    guard let stream = fopen(path, "we") else { throw systemFailure("create \(path)") }
    fputs(text, stream)
    fclose(stream)
    return path
  }

  deinit { Self.remove(path) }

  /// Removes a directory with all that is in it.
  public static func remove(_ path: String) {
    if let entries = opendir(path) {
      while let entry = readdir(entries) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name == "." || name == ".." { continue }
        if unlink("\(path)/\(name)") != 0 { remove("\(path)/\(name)") }
      }
      closedir(entries)
    }
    rmdir(path)
  }
}
