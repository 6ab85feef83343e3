import Logging
import Reactor

/// Hands one line an event to the sink.
struct LineLogHandler: LogHandler {
  let sink: LogSink
  var metadata: Logger.Metadata = [:]

  /// The sink's, so that it can change while the process runs.
  var logLevel: Logger.Level {
    get { sink.logLevel }
    set { sink.logLevel = newValue }
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let fields = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
    let line = LogLine(
      level: event.level, message: "\(event.message)", fields: fields.map { ($0.key, "\($0.value)") })
    sink.write(line, kind: "\(event.file):\(event.line)", now: EventLoop.now)
  }
}

extension Logger {
  init(_ sink: LogSink) {
    self.init(label: "redis-amb") { _ in LineLogHandler(sink: sink) }
  }
}
