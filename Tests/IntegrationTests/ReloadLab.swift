import Glibc
import TestSupport

/// The ambassador with a configuration file that is changed under it.
final class ReloadLab: Sendable {
  let directory: TemporaryDirectory
  let ambassador: AmbassadorProcess

  /// - Parameter port: where it listens, if the configuration says so.
  init(_ configuration: String, listening port: UInt16? = nil) throws {
    directory = try TemporaryDirectory()
    let file = try directory.write(configuration, to: "redis-amb.yaml")
    ambassador = try AmbassadorProcess(topology: ["--config", file], listening: port)
  }

  /// Runs `body`, and shows what the ambassador said when it throws.
  static func with(
    _ configuration: String, listening port: UInt16? = nil, _ body: (ReloadLab) throws -> Void
  ) throws {
    let lab = try ReloadLab(configuration, listening: port)
    do {
      try body(lab)
      try check(lab.ambassador.isRunning, "the ambassador is gone")
    } catch { throw Failure("\(error)\n\(lab.ambassador.report)") }
  }

  static func following(_ group: RedisGroup, _ more: String = "") -> String {
    "topology: {static: {primary: \(group.primary.address)}}\n\(more)"
  }

  /// Puts another file in the place of the present one, as careful programs do.
  func replace(_ configuration: String) throws {
    let new = try directory.write(configuration, to: "redis-amb.yaml.new")
    try check(rename(new, directory.file("redis-amb.yaml")) == 0, "rename")
  }

  func count(_ words: String) -> Int { ambassador.log.components(of: words) }

  func control() throws -> RESPClient { try RESPClient(unixPath: ambassador.controlSocket) }

  /// Whether `words` are in its status as JSON.
  func status(contains words: String) throws -> Bool {
    try ambassador.status(contains: words)
  }

  static let inForce = "the new configuration is in force"

  /// Reloads by SIGHUP and waits until the new configuration is in force.
  func reload(_ configuration: String) throws {
    let before = count(Self.inForce)
    try replace(configuration)
    ambassador.signal(SIGHUP)
    try eventually("the new configuration is in force") { count(Self.inForce) > before }
  }
}

extension String {
  /// How often `words` stands in it.
  func components(of words: String) -> Int {
    let (bytes, wanted) = (Array(utf8), Array(words.utf8))
    guard !wanted.isEmpty, bytes.count >= wanted.count else { return 0 }
    var count = 0
    var at = 0
    while at + wanted.count <= bytes.count {
      if bytes[at] == wanted[0], bytes[at..<at + wanted.count].elementsEqual(wanted) {
        count += 1
        at += wanted.count
      } else {
        at += 1
      }
    }
    return count
  }
}

/// A directory as Kubernetes mounts a ConfigMap or a Secret: files are symbolic links into `..data`, which is one to a
/// directory of its own for each version, and is swapped by a rename.
final class MountedVolume: Sendable {
  private let directory: TemporaryDirectory
  let path: String

  init(_ files: [String: String]) throws {
    directory = try TemporaryDirectory()
    path = directory.file("mounted")
    mkdir(path, 0o755)
    try swap(files)
  }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  /// The same system calls as kubelet's, in their order.
  func swap(_ files: [String: String]) throws {
    var buffer = [CChar](repeating: 0, count: 256)
    let length = readlink("\(path)/..data", &buffer, 255)
    let old = length > 0 ? String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    let new = "..version_\(UInt32.random(in: 0 ... .max))"
    mkdir("\(path)/\(new)", 0o755)
    for (name, text) in files {
      guard let stream = fopen("\(path)/\(new)/\(name)", "we") else { throw Failure("create \(name)") }
      fputs(text, stream)
      fclose(stream)
    }
    symlink(new, "\(path)/..data_tmp")
    try check(rename("\(path)/..data_tmp", "\(path)/..data") == 0, "rename")
    for name in files.keys { symlink("..data/\(name)", file(name)) }
    if let old { TemporaryDirectory.remove("\(path)/\(old)") }
  }

  /// The volume is gone, as if unmounted.
  func remove() { TemporaryDirectory.remove(path) }

  /// It is mounted anew.
  func mount(_ files: [String: String]) throws {
    mkdir(path, 0o755)
    try swap(files)
  }
}
