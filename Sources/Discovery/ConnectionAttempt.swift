/// What every attempt to reach a server has in common, be it a node or a Sentinel.
enum ConnectionAttempt {
  /// The pause before the next attempt, in seconds: doubled with each failure in a row up to the last, and with jitter, so
  /// that a fleet does not come back in step.
  /// - Parameter failures: those before the one that has just happened.
  static func pause(after failures: Int, first: Double, last: Double) -> Double {
    min(last, first * Double(1 << min(failures, 10))) * Double.random(in: 0.5...1)
  }

  /// The command that introduces us.
  /// - Parameter username: empty for Redis's default user.
  static func authentication(username: [UInt8], password: [UInt8]) -> [[UInt8]] {
    [Array("AUTH".utf8)] + (username.isEmpty ? [] : [username]) + [password]
  }
}
