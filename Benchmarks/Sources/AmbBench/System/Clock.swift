import Glibc

/// The monotonic clock, in nanoseconds.
enum Clock {
  static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  static func sleep(milliseconds: Double) {
    let nanoseconds = Int(milliseconds * 1_000_000)
    var left = timespec(tv_sec: nanoseconds / 1_000_000_000, tv_nsec: nanoseconds % 1_000_000_000)
    var wanted = left
    while nanosleep(&wanted, &left) == -1 && errno == EINTR { wanted = left }
  }

  /// Asks `isTrue` every few milliseconds until it says yes or the time is up.
  static func wait(seconds: Double, every milliseconds: Double = 5, until isTrue: () throws -> Bool) rethrows -> Bool {
    let deadline = now() + UInt64(seconds * 1e9)
    while true {
      if try isTrue() { return true }
      if now() >= deadline { return false }
      sleep(milliseconds: milliseconds)
    }
  }
}
