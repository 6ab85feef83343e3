import Glibc

/// Clocks that monitoring wants.
enum ProcessTimes {
  /// Seconds since 1970.
  static var now: Double { seconds(CLOCK_REALTIME) }

  /// Seconds of CPU that the process has used, all threads, user and system.
  static var cpu: Double { seconds(CLOCK_PROCESS_CPUTIME_ID) }

  private static func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
