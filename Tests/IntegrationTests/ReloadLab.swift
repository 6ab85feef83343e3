import Glibc
import TestSupport

/// The ambassador with a configuration file that is changed under it.
final class ReloadLab: Sendable {
  let directory: TemporaryDirectory
  let ambassador: AmbassadorProcess

  init(_ configuration: String, flags: [String] = []) throws {
    directory = try TemporaryDirectory()
    let file = try directory.write(configuration, to: "redis-amb.yaml")
    ambassador = try AmbassadorProcess(topology: ["--config", file] + flags)
  }

  /// Runs `body`, and shows what the ambassador said when it throws.
  static func with(_ configuration: String, flags: [String] = [], _ body: (ReloadLab) throws -> Void) throws {
    let lab = try ReloadLab(configuration, flags: flags)
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
