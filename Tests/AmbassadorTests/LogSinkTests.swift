import Configuration
import Logging
import Synchronization
import Testing

@testable import Ambassador

struct LogSinkTests {
  /// Lines that were written, and how much of each write is taken.
  private final class Paper: Sendable {
    let text = Mutex("")
    let room = Mutex(Int.max)

    func take(_ bytes: UnsafeRawBufferPointer) -> Int {
      let count = room.withLock { room in
        defer { room -= min(room, bytes.count) }
        return min(room, bytes.count)
      }
      text.withLock { $0 += String(decoding: bytes[..<count], as: UTF8.self) }
      return count
    }

    /// Without the times.
    var lines: [String] {
      text.withLock { text in
        text.split(separator: "\n").map { String($0.split(separator: " ", maxSplits: 1).last ?? "") }
      }
    }
  }

  private func settings(
    _ level: AmbassadorConfiguration.LogLevel = .info, _ format: AmbassadorConfiguration.LogFormat = .text
  ) -> AmbassadorConfiguration.Log {
    var log = AmbassadorConfiguration(primary: Endpoint(host: "redis", port: 6379)).log
    log.level = level
    log.format = format
    return log
  }

  private func line(_ message: String) -> LogLine { LogLine(level: .info, message: message) }

  @Test func `a burst is told once, with its number`() {
    let paper = Paper()
    let sink = LogSink(settings()) { paper.take($0) }
    for index in 1...100 { sink.write(line("lost \(index)"), kind: "a", now: 0) }
    sink.write(line("other"), kind: "b", now: 0)
    #expect(paper.lines == (1...20).map { "INFO lost \($0)" } + ["INFO other"])
    sink.tellUntold()
    #expect(paper.lines.last == "INFO lost 100 (and 79 more like it before)")
    sink.tellUntold()
    #expect(paper.lines.count == 22)
  }

  @Test func `after a burst the same kind may speak again at its rate`() {
    let paper = Paper()
    let sink = LogSink(settings()) { paper.take($0) }
    for _ in 0..<30 { sink.write(line("x"), kind: "a", now: 0) }
    sink.write(line("y"), kind: "a", now: 0.4)
    #expect(paper.lines.count == 20)
    sink.write(line("z"), kind: "a", now: 0.6)
    #expect(paper.lines.suffix(2) == ["INFO y (and 10 more like it before)", "INFO z"])
  }

  @Test func `somebody is told once that lines are withheld`() {
    let sink = LogSink(settings()) { $0.count }
    let calls = Atomic(0)
    sink.whenUntold { calls.add(1, ordering: .relaxed) }
    for _ in 0..<50 { sink.write(line("x"), kind: "a", now: 0) }
    for _ in 0..<50 { sink.write(line("x"), kind: "b", now: 0) }
    #expect(calls.load(ordering: .relaxed) == 1)
    sink.tellUntold()
    sink.write(line("x"), kind: "b", now: 0)
    #expect(calls.load(ordering: .relaxed) == 2)
  }

  @Test func `level and format change while it runs`() {
    let paper = Paper()
    let sink = LogSink(settings()) { paper.take($0) }
    let logger = Logger(sink)
    logger.debug("unheard")
    sink.use(settings(.debug, .json))
    logger.debug("a \"word\"")
    sink.use(settings(.error))
    logger.warning("unheard")
    let text = paper.text.withLock { $0 }
    #expect(
      text.hasSuffix("\"level\":\"debug\",\"message\":\"a \\\"word\\\"\"}\n") && text.split(separator: "\n").count == 1)
  }

  @Test func `lines that nobody takes are counted, and a torn one does not spoil the next`() {
    let paper = Paper()
    let sink = LogSink(settings()) { paper.take($0) }
    paper.room.withLock { $0 = 30 }
    sink.write(line("torn"), kind: "a", now: 0)
    sink.write(line("lost"), kind: "a", now: 0)
    paper.room.withLock { $0 = .max }
    sink.write(line("whole"), kind: "a", now: 0)
    #expect(paper.lines.suffix(2) == ["WARNING 2 lines of the log were lost: nobody took them", "INFO whole"])
  }

  @Test func `a line is never longer than a pipe takes at once, and JSON stays JSON`() {
    for text in [String(repeating: "x", count: 10_000), String(repeating: "\u{1}", count: 10_000)] {
      #expect(line(text).bytes(json: false).count <= LogLine.longest)
      let json = line(text).bytes(json: true)
      #expect(json.count <= LogLine.longest && String(decoding: json, as: UTF8.self).hasSuffix("...\"}\n"))
    }
  }
}
