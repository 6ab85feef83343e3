import Reactor

/// What the HTTP server serves, page by page.
///
/// What asks the workers is gathered at most four times a second, however many clients ask: those that come in between get
/// the same answer.
public final class AdminPages {
  /// Where the answers come from.
  public struct Source {
    /// How it is, for the probes that must not wait: known at once.
    public var health: () -> Health
    /// How it is, from all workers; called back within about a second.
    public var status: (_ then: @escaping (StatusReport) -> Void) -> Void

    public init(
      health: @escaping () -> Health, status: @escaping (_ then: @escaping (StatusReport) -> Void) -> Void
    ) {
      self.health = health
      self.status = status
    }
  }

  private let source: Source
  private let now: () -> Double
  private var latest: (at: Double, report: StatusReport)?
  private var waiting: [(StatusReport) -> Void] = []
  /// Rendered from `latest`.
  private var metrics: [UInt8]?

  /// Seconds for which a report is given out again.
  static let freshness = 0.25

  /// - Parameter now: seconds of a clock that never goes back.
  public init(_ source: Source, now: @escaping () -> Double = { EventLoop.now }) {
    self.source = source
    self.now = now
  }

  /// Answers a request, at once or within about a second.
  public func answer(_ request: HTTPRequest, _ answer: @escaping (HTTPResponse) -> Void) {
    switch request.path {
    case "/": answer(HTTPResponse(.ok, .html, StatusPage.bytes))
    case "/status.json": report { answer(HTTPResponse(.ok, .json, Array("\($0.document.json)\n".utf8))) }
    case "/metrics":
      report { [unowned self] report in
        let bytes = self.metrics ?? Array(report.metrics.utf8)
        self.metrics = bytes
        answer(HTTPResponse(.ok, .metrics, bytes))
      }
    case "/startupz": answer(HTTPResponse(source.health().startup))
    case "/readyz": answer(HTTPResponse(source.health().ready))
    case "/livez":
      report { [unowned self] report in
        var health = self.source.health()
        health.silentWorkers = report.workers.indices.filter { report.workers[$0] == nil }
        answer(HTTPResponse(health.live))
      }
    default: answer(HTTPResponse(.notFound, "there is /, /livez, /readyz, /startupz, /metrics and /status.json"))
    }
  }

  private func report(_ then: @escaping (StatusReport) -> Void) {
    if let latest, now() - latest.at < Self.freshness { return then(latest.report) }
    waiting.append(then)
    guard waiting.count == 1 else { return }
    source.status { [weak self] report in self?.take(report) }
  }

  private func take(_ report: StatusReport) {
    latest = (now(), report)
    metrics = nil
    let asked = waiting
    waiting = []
    for then in asked { then(report) }
  }
}

extension HTTPResponse {
  /// 200 or 503, with the sentence.
  init(_ verdict: Health.Verdict) { self.init(verdict.isGood ? .ok : .serviceUnavailable, verdict.sentence) }
}
