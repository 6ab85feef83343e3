import Glibc

/// SIGINT, SIGTERM and SIGHUP are blocked everywhere and received by one thread in `sigwait`, so that cleaning up is
/// ordinary code and not a signal handler.
enum Interruption {
  static func install(_ cleanUp: sending @escaping () -> Void) {
    signal(SIGPIPE, SIG_IGN)
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&signals, number) }
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    let awaited = signals
    _ = BenchThread {
      var awaited = awaited
      var number: Int32 = 0
      sigwait(&awaited, &number)
      cleanUp()
      _exit(128 + number)
    }
  }
}
