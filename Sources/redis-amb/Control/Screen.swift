import Glibc
import Reactor

/// The terminal as a screen of its own, that is given back as it was.
final class Screen {
  enum Event { case quit, resized, elapsed }

  private let original: termios
  private let loop: EventLoop
  private var sources: [AnyObject] = []
  private var event = Event.elapsed
  private var isRestored = false

  /// Takes the terminal over; nothing when there is none on both standard streams.
  init?() {
    var settings = termios()
    guard isatty(0) == 1, isatty(1) == 1, tcgetattr(0, &settings) == 0, let loop = EventLoop() else { return nil }
    original = settings
    self.loop = loop
    settings.c_lflag &= ~tcflag_t(ICANON | ECHO)
    tcsetattr(0, TCSANOW, &settings)
    // Whatever ends the program is an event, so that the terminal is given back first.
    sources = [SIGINT, SIGTERM, SIGHUP].map { number in
      SignalSource(on: loop, signal: number) { [unowned self] in self.happened(.quit) }
    }
    sources.append(SignalSource(on: loop, signal: SIGWINCH) { [unowned self] in self.happened(.resized) })
    sources.append(IOSource(on: loop, fd: 0, for: .readable) { [unowned self] in self.readKey() })
    // The alternate screen, without a cursor.
    Terminal.output.write("\u{1B}[?1049h\u{1B}[?25l")
  }

  deinit { restore() }

  /// Gives the terminal back.
  func restore() {
    guard !isRestored else { return }
    isRestored = true
    sources = []
    Terminal.output.write("\u{1B}[?25h\u{1B}[?1049l")
    var settings = original
    tcsetattr(0, TCSANOW, &settings)
  }

  /// What the terminal says of itself; 80 by 24 when it says nothing.
  var size: (columns: Int, rows: Int) {
    var size = winsize()
    guard ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return (80, 24) }
    return (Int(size.ws_col), Int(size.ws_row))
  }

  /// Replaces what is shown, without flicker: each line is overwritten, and the rest of it and of the screen cleared.
  func show(_ lines: [String]) {
    Terminal.output.write("\u{1B}[H" + lines.map { $0 + "\u{1B}[K" }.joined(separator: "\r\n") + "\u{1B}[J")
  }

  /// Waits for a key that means something, a new size, or the time to pass.
  func wait(seconds: Double) -> Event {
    let timer = TimerSource(on: loop, after: seconds) { [unowned self] in self.happened(.elapsed) }
    loop.run()
    withExtendedLifetime(timer) {}
    return event
  }

  private func happened(_ event: Event) {
    self.event = event
    loop.stop()
  }

  private func readKey() {
    var key: UInt8 = 0
    // An end of input quits too. 3 is Ctrl-C where the terminal makes no signal of it.
    let isNothing = read(0, &key, 1) != 1
    if isNothing || key == UInt8(ascii: "q") || key == UInt8(ascii: "Q") || key == 3 { happened(.quit) }
  }
}
