import Glibc
import TestSupport

/// Two groups of servers, the ambassador with a configuration file, clients of every kind as fast as they are answered,
/// and one reload after the other.
public final class ReloadLaboratory {
  private let sentinelGroup: SentinelGroup
  private let groups: [RedisGroup]
  private let directory: TemporaryDirectory
  private let ambassador: AmbassadorProcess
  private let load: ReloadLoad
  private let moves = DataMoves()
  private let clock = Stopwatch()
  private var configuration = ReloadConfiguration()
  private var passwords = 0

  private static let users = ["first", "second"]

  /// Runs each kind of reload once, and then a storm of them.
  /// - Parameters:
  ///   - lull: how long the load goes on between two reloads, in seconds.
  ///   - storm: how long ten reloads a second go on, in seconds; 0 for none.
  public static func run(lull: Double, storm: Double) throws -> ReloadFindings {
    let laboratory = try ReloadLaboratory()
    do { return try laboratory.run(lull: lull, storm: storm) } catch {
      throw Failure("\(error)\n\(laboratory.ambassador.report)")
    }
  }

  private init() throws {
    sentinelGroup = try SentinelGroup()
    groups = [sentinelGroup.redis, try RedisGroup(replicas: 2)]
    directory = try TemporaryDirectory()
    for group in groups {
      for node in group.nodes {
        for user in Self.users {
          let reply = try node.call("ACL", "SETUSER", user, "on", ">secret-0", "~*", "&*", "+@all")
          try check(reply == .simple("OK"), "ACL SETUSER: \(reply)")
        }
      }
      try group.seed((0..<ReloadLoad.seeds).map { ["SET", ReloadLoad.seed($0), ReloadLoad.seedValue($0)] })
    }
    _ = try directory.write("secret-0\n", to: "password")
    let text = configuration.text(
      groups, sentinelGroup.sentinels, passwordFile: directory.file("password"))
    ambassador = try AmbassadorProcess(topology: ["--config", try directory.write(text, to: "redis-amb.yaml")])
    try ambassador.waitUntilServing(groups[0], readsOnReplicas: true)
    load = try ReloadLoad(on: ambassador, clock: clock, moves: moves)
  }

  private func run(lull: Double, storm seconds: Double) throws -> ReloadFindings {
    var findings = ReloadFindings()
    try load.goOn(for: lull)
    for step in ReloadStep.all {
      let begin = (at: clock.now, requests: requests)
      let inForceAfter = try reload(step)
      try load.goOn(for: lull)
      findings.steps.append(
        .init(
          title: step.title, inForceAfter: inForceAfter,
          rate: Double(requests - begin.requests) / (clock.now - begin.at), slowest: slowest(since: begin.at)))
    }
    if seconds > 0 { findings.storm = try storm(for: seconds) }
    try finish(&findings)
    return findings
  }

  // MARK: - Reloads

  /// Replaces the file, and the password's, as careful programs do.
  private func write(_ new: ReloadConfiguration) throws {
    try replace(
      "redis-amb.yaml", new.text(groups, sentinelGroup.sentinels, passwordFile: directory.file("password")))
  }

  private func replace(_ name: String, _ text: String) throws {
    let new = try directory.write(text, to: name + ".new")
    try check(rename(new, directory.file(name)) == 0, "rename \(name)")
  }

  /// Does a step, and says how long it took until it was in force, in seconds.
  private func reload(_ step: ReloadStep) throws -> Double {
    var new = configuration
    step.change(&new)
    let isMove = configuration.movesData(to: new)
    if step.rotatesPassword {
      passwords += 1
      try allow(">secret-\(passwords)")
    }
    if isMove { moves.begin() }
    let begin = clock.now
    if step.rotatesPassword { try replace("password", "secret-\(passwords)\n") }
    try write(new)
    let reply = try RESPClient(unixPath: ambassador.controlSocket).call("RELOAD")
    try check(!reply.isError, "\(step.title): \(reply)")
    let took = clock.now - begin
    configuration = new
    if isMove { moves.end() }
    if step.rotatesPassword { try allow("<secret-\(passwords - 1)") }
    return took
  }

  private func allow(_ rule: String) throws {
    for node in groups.flatMap(\.nodes) {
      for user in Self.users { try node.call("ACL", "SETUSER", user, rule) }
    }
  }

  /// Ten reloads a second, by turns noticed by themselves, by signal and by command, none of which is waited for.
  private func storm(for seconds: Double) throws -> ReloadFindings.Storm {
    try waitUntilDrained()
    let before = (try ambassador.residentMemory, try descriptors())
    var peak = before
    let begin = (at: clock.now, requests: requests, inForce: inForceCount)
    moves.begin()
    var asked = 0
    while clock.now - begin.at < seconds {
      ReloadStep.storm[asked % ReloadStep.storm.count].change(&configuration)
      try write(configuration)
      switch asked % 3 {
      case 0: ambassador.signal(SIGHUP)
      case 1: try RESPClient(unixPath: ambassador.controlSocket).send(Request.bytes(["RELOAD"]))
      default: break
      }
      asked += 1
      try load.throwIfBroken()
      peak = (max(peak.0, try ambassador.residentMemory), max(peak.1, try descriptors()))
      let left = begin.at + Double(asked) / 10 - clock.now
      if left > 0 { TestSupport.pause(.microseconds(Int(left * 1_000_000))) }
    }
    let (took, count) = (clock.now - begin.at, requests - begin.requests)
    let slowest = slowest(since: begin.at)
    // What was written last is what is in force in the end.
    let reply = try RESPClient(unixPath: ambassador.controlSocket).call("RELOAD")
    try check(!reply.isError, "after the storm: \(reply)")
    let inForce = inForceCount - begin.inForce
    moves.end()
    try load.goOn()
    try waitUntilDrained()
    return .init(
      seconds: took, asked: asked, inForce: inForce, rate: Double(count) / took, slowest: slowest,
      memory: (before.0, peak.0, try ambassador.residentMemory),
      descriptors: (before.1, peak.1, try descriptors()))
  }

  /// In either format of the log.
  private var inForceCount: Int { ambassador.log.count(of: "the new configuration is in force") }

  /// No connection is left that was begun before the last reload.
  private func waitUntilDrained() throws {
    let control = try RESPClient(unixPath: ambassador.controlSocket)
    try eventually("what was begun before is finished") {
      let lanes = "\(try control.call("LANES"))"
      return !lanes.contains("retiring")
    }
  }

  private func descriptors() throws -> Int {
    guard let entries = opendir("/proc/\(ambassador.pid)/fd") else { throw Failure("the ambassador is gone") }
    defer { closedir(entries) }
    var count = 0
    while readdir(entries) != nil { count += 1 }
    return count - 2
  }

  // MARK: - What came of it

  private var requests: Int { load.requests }

  private func slowest(since begin: Double) -> Double {
    load.journals.flatMap(\.spans).filter { $0.upperBound >= begin }.map { $0.upperBound - $0.lowerBound }.max() ?? 0
  }

  private func finish(_ findings: inout ReloadFindings) throws {
    try load.stop()
    let primaries = groups.map(\.primary)
    // Whatever was pushed is somewhere, once.
    var queued: [Int] = []
    let pushed = load.journals.flatMap(\.pushed)
    do {
      try eventually(within: .seconds(15), "all elements are somewhere") {
        queued = load.journals.flatMap(\.popped)
        for node in primaries { queued += try numbers(ReloadLoad.queue, on: node) }
        return queued.count == pushed.count && Set(queued) == Set(pushed)
      }
    } catch {
      let (lost, twice) = (Set(pushed).subtracting(queued).count, queued.count - Set(queued).count)
      findings.queueErrors.append("of the queue \(lost) elements are gone, and \(twice) came twice")
    }
    // Those who have subscribed still hear.
    let client = try ambassador.connect()
    var last = (load.journals.map(\.published).max() ?? 0) + 1
    try eventually("all subscribers hear") {
      last += 1
      try load.publish(last, through: client)
      return load.allHeard(last)
    }
    try load.stopWaiting()
    if let crash = ambassador.crash { throw Failure(crash) }

    let journals = load.journals
    findings.requests = requests
    findings.acknowledged = journals.reduce(0) { $0 + $1.written.count }
    findings.transactions = journals.flatMap(\.written).count { $0.key.hasPrefix("lab:watched") }
    findings.connectionsLost = journals.reduce(0) { $0 + $1.connectionsLost }
    findings.errors = Findings.tally(journals.flatMap(\.errors))
    findings.wrong = journals.flatMap(\.wrong)
    findings.queued = pushed.count
    findings.messages = journals.map(\.published).max() ?? 0
    findings.unheard = journals.filter { !$0.heard.isEmpty }.reduce(0) { sum, journal in
      sum + findings.messages - journal.heard.count { $0 <= findings.messages }
    }
    findings.missing = try missingWrites(journals) + missingNumbers()
  }

  private func numbers(_ key: String, on node: RedisServer) throws -> [Int] {
    (try node.call("LRANGE", key, "0", "-1").elements ?? []).compactMap { $0.text.flatMap { Int($0) } }
  }

  /// Each value is on one of the primaries.
  private func missingWrites(_ journals: [ReloadJournal]) throws -> [String] {
    let written = journals.flatMap(\.written)
    var missing: [String] = []
    for start in stride(from: 0, to: written.count, by: 500) {
      let slice = written[start..<min(start + 500, written.count)]
      let found = try groups.map { try $0.primary.call(["MGET"] + slice.map(\.key)).elements ?? [] }
      for (place, write) in slice.enumerated() {
        let values = found.compactMap { place < $0.count && !$0[place].isNull ? $0[place] : nil }
        if values != [.bulk(write.value)] { missing.append("\(write.key): \(values)") }
      }
    }
    return missing
  }

  /// Each client's numbers are there, each once, and in order on each primary: nothing was sent twice or overtaken.
  private func missingNumbers() throws -> [String] {
    var missing: [String] = []
    for (key, count) in load.lists {
      let lists = try groups.map { try numbers(key, on: $0.primary) }
      if lists.contains(where: { $0 != $0.sorted() }) { missing.append("\(key) is not in order") }
      let all = lists.flatMap { $0 }.sorted()
      if all != Array(1...count) { missing.append("\(key): \(count) appended, there are \(all.count)") }
    }
    return missing
  }
}

extension String {
  /// How often `words` stands in it.
  fileprivate func count(of words: String) -> Int { ranges(of: words).count }
}
