/// When something that was just started answers a PING.
enum Readiness {
  /// Returns the time of the first PONG.
  @discardableResult
  static func wait(for child: Child, port: UInt16, what: String, every milliseconds: Double = 2) throws -> UInt64 {
    let isReady = try Clock.wait(seconds: 10, every: milliseconds) {
      if (try? RedisConnection(port: port, timeoutSeconds: 2).command("PING")) == .simple("PONG") { return true }
      guard child.isAlive else { throw BenchError("\(what) ended at once; its last words: \(child.lastWords)") }
      return false
    }
    guard isReady else {
      throw BenchError("\(what) does not answer PING on port \(port) after 10 s: \(child.lastWords)")
    }
    return Clock.now()
  }
}
