import Reactor
import Topology

/// How Sentinels are asked.
public struct SentinelSettings: Sendable {
  /// The master name, as Sentinel's configuration has it.
  public var name: String
  /// Seconds between two rounds of questions to a Sentinel in a steady state: the safety net under its events.
  public var pollInterval = 1.0
  public var timeout = 1.0
  public var connectTimeout = 1.0
  public var firstBackoff = 0.1
  public var lastBackoff = 1.0
  /// The longest pause before events are asked for again, in seconds: the refusal of one that is asked all the time lasts.
  public var lastEventBackoff = 10.0
  /// Empty for Redis's default user.
  public var username: [UInt8] = []
  /// Nothing when Sentinels want none.
  public var password: [UInt8]?

  public init(name: String) { self.name = name }
}

/// Two connections to one Sentinel, for as long as it lives: one for its events, one for questions.
///
/// Behind one address there may be another Sentinel each time, so each connection asks first whom it has reached. The
/// event connection says nothing when all is well; it dies with the other one, which is asked all the time. It may be refused
/// or lost alone: questions are the safety net under events, and go on.
final class SentinelLink {
  enum Event {
    case answered(SentinelAnswer, by: String, during: ClosedRange<Double>)
    case denied(knowing: [String], by: String)
    case happened(SentinelEvent, at: String)
    case lost(String)
    /// It is asked, but tells nothing by itself; nothing when it does again.
    case deaf(String?)
  }

  private let address: SocketAddress
  private let loop: EventLoop
  private let settings: SentinelSettings
  private let report: (Event) -> Void
  private var questions: NodeConnection?
  private var events: NodeConnection?
  /// Whom the questions reach; nothing before it has said so.
  private var id: String?
  private var timer: TimerSource?
  private var failures = 0
  private var eventTimer: TimerSource?
  private var eventFailures = 0
  private var isAsking = false
  private var isWantedAgain = false
  private var interval: Double
  private var isCancelled = false

  init(
    to address: SocketAddress, on loop: EventLoop, settings: SentinelSettings, report: @escaping (Event) -> Void
  ) {
    self.address = address
    self.loop = loop
    self.settings = settings
    self.report = report
    interval = settings.pollInterval
  }

  func start() { connect() }

  func cancel() {
    isCancelled = true
    drop()
    timer = nil
  }

  /// Asks at once, or as soon as the question that is under way is answered.
  func ask() {
    guard id != nil else { return }
    if isAsking { isWantedAgain = true } else { poll() }
  }

  /// Asks this often from now on, or as usual again.
  func hurry(_ seconds: Double?) {
    let new = seconds ?? settings.pollInterval
    guard new != interval else { return }
    interval = new
    if seconds != nil { ask() }
  }

  private func connect() {
    do throws(SystemError) {
      questions = try NodeConnection(
        on: loop, to: address, connectTimeout: settings.connectTimeout,
        onConnect: { [weak self] in self?.introduce() }, onEnd: { [weak self] why in self?.lost(why) })
    } catch {
      lost(error.description)
    }
  }

  private func drop() {
    questions?.cancel()
    events?.cancel()
    (questions, events, id) = (nil, nil, nil)
    (eventTimer, eventFailures) = (nil, 0)
    (isAsking, isWantedAgain) = (false, false)
  }

  private func lost(_ why: String) {
    guard !isCancelled else { return }
    drop()
    let pause = ConnectionAttempt.pause(after: failures, first: settings.firstBackoff, last: settings.lastBackoff)
    failures += 1
    wait(pause) { $0.connect() }
    report(.lost(why))
  }

  private func wait(_ seconds: Double, then act: @escaping (SentinelLink) -> Void) {
    guard !isCancelled else { return }
    timer = TimerSource(on: loop, after: seconds) { [weak self] in
      if let self { act(self) }
    }
  }

  // MARK: - Whom have we reached?

  private func introduce() {
    greet(
      questions, refused: { [weak self] why in self?.lost(why) },
      then: { [weak self] id in
        guard let self else { return }
        self.id = id
        self.poll()
        self.listen()
      })
  }

  /// Authenticates and asks for the Sentinel's own id. Before 6.2 there was no way to ask for it: then the address has to do.
  private func greet(
    _ connection: NodeConnection?, refused: @escaping (String) -> Void, then act: @escaping (String) -> Void
  ) {
    var commands = [Self.words("SENTINEL", "MYID")]
    let isAuthenticating = settings.password != nil
    if let password = settings.password {
      commands.insert(ConnectionAttempt.authentication(username: settings.username, password: password), at: 0)
    }
    connection?.ask(commands, within: settings.timeout + settings.connectTimeout) { [weak self] replies in
      guard let self else { return }
      if isAuthenticating, case .error(let why) = replies[0] {
        return refused("it refused the credentials: \(why)")
      }
      switch replies.last {
      case .text(let id): act(id)
      case .error(let why) where why.contains("unknown command"): refused("it is no Sentinel: \(why)")
      case .error(let why) where why.hasPrefix("NO"): refused("it refused SENTINEL: \(why)")
      default: act(self.address.description)
      }
    }
  }

  // MARK: - Events

  private func listen() {
    do throws(SystemError) {
      events = try NodeConnection(
        on: loop, to: address, connectTimeout: settings.connectTimeout,
        onConnect: { [weak self] in
          guard let self else { return }
          self.greet(
            self.events, refused: { [weak self] why in self?.deafen(why, isSaid: true) },
            then: { [weak self] id in self?.subscribe(as: id) })
        }, onEnd: { [weak self] why in self?.deafen(why, isSaid: false) })
    } catch {
      deafen(error.description, isSaid: false)
    }
  }

  private func subscribe(as id: String) {
    events?.onPush = { [weak self] push in self?.take(push, from: id) }
    events?.ask([Self.words("PSUBSCRIBE", "*")], within: settings.timeout) { [weak self] replies in
      guard let self else { return }
      if case .error(let why) = replies[0] { return self.deafen("it refused PSUBSCRIBE: \(why)", isSaid: true) }
      self.eventFailures = 0
      self.report(.deaf(nil))
      // What happened before is in no event.
      self.ask()
    }
  }

  /// There are no events for a while. A connection that is only lost may have gone with the Sentinel, and that is told by the
  /// questions: it is worth a word when the next one fails as well.
  private func deafen(_ why: String, isSaid: Bool) {
    guard !isCancelled else { return }
    events?.cancel()
    events = nil
    let isWorthAWord = isSaid || eventFailures > 0
    let pause = ConnectionAttempt.pause(
      after: eventFailures, first: settings.firstBackoff, last: settings.lastEventBackoff)
    eventFailures += 1
    eventTimer = TimerSource(on: loop, after: pause) { [weak self] in self?.listen() }
    if isWorthAWord { report(.deaf(why)) }
  }

  private func take(_ push: RedisReply, from id: String) {
    guard let parts = push.array, parts.count == 4, parts[0].text == "pmessage", let channel = parts[2].text,
      let payload = parts[3].text,
      let event = SentinelEvent(channel: channel, payload: payload, name: settings.name)
    else { return }
    report(.happened(event, at: id))
  }

  // MARK: - Questions

  private func poll() {
    guard let id, !isCancelled else { return }
    isAsking = true
    timer = nil
    let name = settings.name
    let asked = loop.now
    // The order matters: see SentinelAnswer.
    let commands = ["MASTER", "GET-MASTER-ADDR-BY-NAME", "REPLICAS", "SENTINELS"].map {
      Self.words("SENTINEL", $0, name)
    }
    questions?.ask(commands, within: settings.timeout) { [weak self] replies in
      guard let self else { return }
      let now = max(asked, self.loop.now)
      if case .error(let why) = replies[0] {
        guard why.contains("No such master") else { return self.lost("it refused SENTINEL MASTER: \(why)") }
        return self.askForNames(id)
      }
      guard
        let answer = SentinelAnswer(
          master: replies[0].fields, address: (replies[1].array ?? []).compactMap(\.text),
          replicas: (replies[2].array ?? []).map(\.fields), peers: (replies[3].array ?? []).map(\.fields))
      else { return self.lost("its answer to SENTINEL MASTER \(name) names no primary") }
      self.failures = 0
      self.report(.answered(answer, by: id, during: asked...now))
      self.rest()
    }
  }

  private func askForNames(_ id: String) {
    questions?.ask([Self.words("SENTINEL", "MASTERS")], within: settings.timeout) { [weak self] replies in
      guard let self else { return }
      self.report(.denied(knowing: (replies[0].array ?? []).compactMap { $0.fields["name"] }, by: id))
      self.rest()
    }
  }

  private func rest() {
    guard questions != nil else { return }
    isAsking = false
    if isWantedAgain {
      isWantedAgain = false
      return poll()
    }
    // Not all ambassadors of a fleet at once.
    wait(interval * Double.random(in: 0.8...1)) { $0.poll() }
  }

  private static func words(_ words: String...) -> [[UInt8]] { words.map { Array($0.utf8) } }
}

extension RedisReply {
  /// An array of names and values by turns.
  var fields: [String: String] {
    guard let array else { return [:] }
    var fields: [String: String] = [:]
    for index in stride(from: 0, to: array.count - 1, by: 2) {
      if let name = array[index].text, let value = array[index + 1].text { fields[name] = value }
    }
    return fields
  }
}
