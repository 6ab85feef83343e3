import Proxy
import Topology

/// A time without a primary, from the first evidence to the next proof, and what it was for clients.
public struct Outage: Sendable, Equatable {
  /// In seconds since 1970.
  public var began: Double
  /// What ended the proof of the primary before.
  public var evidence: String
  /// How long it took until there was one again, in seconds; nothing while there is none.
  public var lasted: Double?
  public var primary: NodeAddress?
  /// On what ground that one was believed.
  public var proof = ""
  /// All workers together.
  public var toll = OutageToll()
}

/// The latest times without a primary, and how many there were. What requests waited for besides (a primary that refuses
/// writes while nothing else speaks against it) counts for the latest one if that has just ended.
public struct OutageHistory: Sendable {
  /// The oldest first.
  public private(set) var latest: [Outage] = []
  public private(set) var count = 0
  /// Of those that are over, in seconds.
  public private(set) var seconds = 0.0
  private var since: Double?
  private var hadPrimary = false
  private var endedAt = -Double.infinity

  private static let kept = 16
  /// How long after its end workers may still tell what it was for their clients, in seconds.
  private static let tellingTime = 5.0

  public init() {}

  /// Another topology is followed.
  /// - Parameters:
  ///   - now: in seconds of a clock that does not go back.
  ///   - wallClock: in seconds since 1970.
  public mutating func follow(_ snapshot: TopologySnapshot, now: Double, wallClock: Double) {
    if let primary = snapshot.primary {
      hadPrimary = true
      guard let began = since, !latest.isEmpty else { return }
      let last = latest.count - 1
      latest[last].lasted = max(0, now - began)
      latest[last].primary = primary
      latest[last].proof = snapshot.primaryProof
      seconds += max(0, now - began)
      (since, endedAt) = (nil, now)
    } else if hadPrimary, since == nil {
      since = now
      count += 1
      if latest.count == Self.kept { latest.removeFirst() }
      latest.append(Outage(began: wallClock, evidence: snapshot.primaryAbsence))
    }
  }

  /// A worker says what it was for its clients.
  public mutating func add(_ toll: OutageToll, now: Double) {
    guard !latest.isEmpty, since != nil || now - endedAt < Self.tellingTime else { return }
    let last = latest.count - 1
    latest[last].toll.waited += toll.waited
    latest[last].toll.longest = max(latest[last].toll.longest, toll.longest)
    latest[last].toll.askedAgain += toll.askedAgain
    latest[last].toll.unknown += toll.unknown
  }
}

extension Outage {
  var document: Document {
    [
      "began": .number(began), "evidence": .text(evidence), "lasted": Document(lasted),
      "primary": Document(primary?.description), "proof": proof.isEmpty ? .null : .text(proof),
      "clients_waited": .integer(toll.waited), "longest_wait": .number(toll.longest),
      "asked_again": .integer(toll.askedAgain), "unknown_writes": .integer(toll.unknown),
    ]
  }

  /// In one line, for people.
  func sentence(ago: Double) -> String {
    let name = primary?.description ?? "?"
    let end = lasted.map { "\(Wording.latency($0)) until \(name) was proven" } ?? "there is none yet"
    let longest = toll.longest > 0 ? " for at most \(Wording.latency(toll.longest))" : ""
    return "\(Wording.time(max(0, ago))) ago, \(evidence): \(end); \(toll.waited) waited\(longest), "
      + "\(toll.askedAgain) asked again, \(toll.unknown) unknown"
  }
}
