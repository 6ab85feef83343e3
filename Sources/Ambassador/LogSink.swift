import Configuration
import Glibc
import Logging
import Synchronization

/// Where all lines go, and how: level and format, which can change while the process runs, and a measure against floods.
///
/// What is said from one place of the source is one kind of event. Each kind may say some lines at once and then so many a
/// second; of the rest the number is told, with the last of them. A line that stderr does not take at once is lost and
/// counted, because a log that nobody reads must not hold up the control thread.
final class LogSink: Sendable {
  private struct Kind {
    var allowance: Double
    var seen: Double
    var untold = 0
    var last: (level: Logger.Level, message: String)?
  }

  private struct State {
    var kinds: [String: Kind] = [:]
    var lost = 0
    var isLineOpen = false
    var onUntold: (@Sendable () -> Void)?
  }

  /// Lines of one kind at once, and a second after that.
  static let burst = 20.0
  static let rate = 2.0

  private let level: Atomic<Int>
  private let format: Atomic<Bool>
  private let state = Mutex(State())
  private let output: @Sendable (UnsafeRawBufferPointer) -> Int

  /// - Parameter output: writes bytes and says how many it took; fewer than there are when it cannot take more now.
  init(
    _ settings: AmbassadorConfiguration.Log,
    output: @escaping @Sendable (UnsafeRawBufferPointer) -> Int = LogSink.toStderr
  ) {
    level = Atomic(Self.rank(Logger.Level(settings.level)))
    format = Atomic(settings.format == .json)
    self.output = output
  }

  /// Takes effect with the next line, on all threads.
  func use(_ settings: AmbassadorConfiguration.Log) {
    level.store(Self.rank(Logger.Level(settings.level)), ordering: .relaxed)
    format.store(settings.format == .json, ordering: .relaxed)
  }

  var logLevel: Logger.Level {
    get { Logger.Level.allCases[level.load(ordering: .relaxed)] }
    set { level.store(Self.rank(newValue), ordering: .relaxed) }
  }

  var isJSON: Bool { format.load(ordering: .relaxed) }

  /// Names what to do when lines begin to be withheld: to see to it that ``tellUntold()`` is called a moment later.
  func whenUntold(_ action: (@Sendable () -> Void)?) { state.withLock { $0.onUntold = action } }

  /// Writes a line if its kind may say one more now.
  /// - Parameters:
  ///   - kind: the place in the source.
  ///   - now: seconds, of a clock that never goes back.
  func write(_ line: LogLine, kind: String, now: Double) {
    let action = state.withLock { state -> (@Sendable () -> Void)? in
      var entry = state.kinds[kind] ?? Kind(allowance: Self.burst, seen: now)
      entry.allowance = min(Self.burst, entry.allowance + (now - entry.seen) * Self.rate)
      entry.seen = now
      defer { state.kinds[kind] = entry }
      guard entry.allowance >= 1 else {
        let isFirst = !state.kinds.values.contains { $0.untold > 0 }
        entry.untold += 1
        entry.last = (line.level, line.message)
        return isFirst ? state.onUntold : nil
      }
      entry.allowance -= 1
      tell(&entry, in: &state)
      emit(line, in: &state)
      return nil
    }
    action?()
  }

  /// Tells the numbers of what was withheld.
  func tellUntold() {
    state.withLock { state in
      for (kind, entry) in state.kinds where entry.untold > 0 {
        var entry = entry
        tell(&entry, in: &state)
        state.kinds[kind] = entry
      }
    }
  }

  private func tell(_ kind: inout Kind, in state: inout State) {
    guard kind.untold > 0, let (level, message) = kind.last else { return }
    let others = kind.untold == 1 ? "" : " (and \(kind.untold - 1) more like it before)"
    kind.untold = 0
    kind.last = nil
    emit(LogLine(level: level, message: message + others), in: &state)
  }

  private func emit(_ line: LogLine, in state: inout State) {
    if state.lost > 0 {
      let notice = LogLine(level: .warning, message: "\(state.lost) lines of the log were lost: nobody took them")
      guard put(notice, in: &state) else {
        state.lost += 1
        return
      }
      state.lost = 0
    }
    if !put(line, in: &state) { state.lost += 1 }
  }

  /// One write a line, so that lines of several threads do not mix.
  private func put(_ line: LogLine, in state: inout State) -> Bool {
    var bytes = line.bytes(json: isJSON)
    // The rest of a line that was cut off is not taken up again.
    if state.isLineOpen { bytes.insert(10, at: 0) }
    let taken = bytes.withUnsafeBytes(output)
    if taken > 0 { state.isLineOpen = taken < bytes.count }
    return taken == bytes.count
  }

  private static func rank(_ level: Logger.Level) -> Int { Logger.Level.allCases.firstIndex(of: level) ?? 0 }

  /// A pipe that has room says so for `PIPE_BUF` bytes, which is as long as a line is: this never waits for a reader.
  private static let toStderr: @Sendable (UnsafeRawBufferPointer) -> Int = { bytes in
    var ready = pollfd(fd: 2, events: Int16(POLLOUT), revents: 0)
    guard poll(&ready, 1, 0) == 1, ready.revents & Int16(POLLOUT) != 0 else { return 0 }
    return max(0, Glibc.write(2, bytes.baseAddress, bytes.count))
  }
}

extension Logger.Level {
  init(_ level: AmbassadorConfiguration.LogLevel) {
    switch level {
    case .debug: self = .debug
    case .info: self = .info
    case .warning: self = .warning
    case .error: self = .error
    }
  }
}
