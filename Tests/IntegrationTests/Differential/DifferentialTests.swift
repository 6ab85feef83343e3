import TestSupport
import Testing

/// Random sessions, valid and not, against a bare redis-server and against the ambassador in front of a primary and two
/// replicas: the same bytes, but for what `Mask` says.
struct DifferentialTests {
  /// `make differential SEEDS=n FIRST=m` asks for more of them.
  static let seeds: [UInt64] = {
    let first = Tool.number("REDIS_AMB_DIFFERENTIAL_FIRST") ?? 1
    return (0..<(Tool.number("REDIS_AMB_DIFFERENTIAL_SEEDS") ?? 40)).map { first + $0 }
  }()

  @Test(arguments: [1, 2])
  func `random sessions are those of a redis-server, over all types`(threads: Int) throws {
    try withLab(flags: ["--threads", "\(threads)"]) { lab in
      let pair = try DifferentialPair(lab)
      // One of a kind is enough to look at.
      var failures: [String: String] = [:]
      for seed in Self.seeds where failures.count < 20 && seed % 2 == UInt64(threads - 1) {
        do { try pair.run(seed: seed) } catch {
          let text = "\(error)"
          failures[text.split(separator: ":")[0].split(separator: " ").prefix(2).joined().lowercased()] =
            "seed \(seed): \(text)"
        }
      }
      try check(failures.isEmpty, failures.values.sorted().joined(separator: "\n"))
    }
  }
}
