import TestSupport
import Testing

/// Deadlines and pauses are about time that passes, whatever somebody sets the wall clock to.
@Suite(.throughTheAmbassador)
struct ClockTests {
  /// Stands before libc and moves the wall clock by as many seconds as a file says.
  private static let shim = """
    #define _GNU_SOURCE
    #include <dlfcn.h>
    #include <stdio.h>
    #include <stdlib.h>
    #include <sys/time.h>
    #include <time.h>
    int clock_gettime(clockid_t clock, struct timespec *time) {
      static int (*real)(clockid_t, struct timespec *);
      if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
      int status = real(clock, time);
      FILE *file = clock == CLOCK_REALTIME ? fopen(getenv("WALL_CLOCK"), "r") : NULL;
      long offset = 0;
      if (file && fscanf(file, "%ld", &offset) == 1) time->tv_sec += offset;
      if (file) fclose(file);
      return status;
    }
    int gettimeofday(struct timeval *time, void *zone) {
      struct timespec now;
      clock_gettime(CLOCK_REALTIME, &now);
      time->tv_sec = now.tv_sec;
      time->tv_usec = now.tv_nsec / 1000;
      return 0;
    }
    """

  @Test(.needs(Tool.find("cc"), "cc (apt: gcc)"))
  func `the wall clock jumps forth and back`() throws {
    let directory = try TemporaryDirectory()
    let source = try directory.write(Self.shim, to: "shim.c")
    try Tool.run([Tool.find("cc") ?? "", "-shared", "-fPIC", "-o", directory.file("shim.so"), source, "-ldl"])
    let wallClock = try directory.write("0", to: "offset")
    let primary = try RedisServer()
    let ambassador = try AmbassadorProcess(
      primary: primary.address, flags: ["--upstream-timeout", "5s"],
      environment: ["LD_PRELOAD": directory.file("shim.so"), "WALL_CLOCK": wallClock])
    do {
      let client = try ambassador.connect()
      try expectEqual(try client.call("INCR", "counter"), .integer(1))
      // A write is in flight.
      primary.freeze()
      try client.send(Request.bytes(["INCR", "counter"]))
      pause(.milliseconds(100))
      _ = try directory.write("3600", to: "offset")
      // libev looks at the wall clock twice a second.
      pause(.milliseconds(1200))
      primary.thaw()
      try expectEqual(try client.reply().value, .integer(2))
      // The primary is given a pause before it is tried again.
      primary.kill()
      for _ in 0..<10 {
        try check(try client.call("INCR", "counter").isError, "INCR without a primary")
        pause(.milliseconds(100))
      }
      _ = try directory.write("0", to: "offset")
      try primary.start()
      try eventually(within: .seconds(10), "it is tried again") { try client.call("INCR", "counter") == .integer(1) }
    } catch { throw Failure("\(error)\n\(ambassador.report)") }
  }
}
