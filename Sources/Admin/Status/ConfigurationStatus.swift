/// Whether what the files say is in force, and what came of the last reload.
public struct ConfigurationStatus: Sendable, Equatable {
  public struct Reload: Sendable, Equatable {
    /// One word.
    public var outcome: String
    /// Why not all that the files say is in force.
    public var reasons: [String]
    /// In seconds.
    public var ago: Double

    public init(outcome: String, reasons: [String], ago: Double) {
      self.outcome = outcome
      self.reasons = reasons
      self.ago = ago
    }
  }

  /// The last reload is in force, and none is under way. What needs a restart does not count.
  public var isCurrent = true
  /// Nothing when there was none yet.
  public var lastReload: Reload?

  public init(isCurrent: Bool = true, lastReload: Reload? = nil) {
    self.isCurrent = isCurrent
    self.lastReload = lastReload
  }
}

extension ConfigurationStatus {
  var document: Document {
    [
      "current": .boolean(isCurrent),
      "last_reload": lastReload.map {
        [
          "outcome": .text($0.outcome), "reasons": .list($0.reasons.map(Document.text)), "ago": .number($0.ago),
        ]
      } ?? .null,
    ]
  }

  /// In one line, for people; nothing when there is nothing to say.
  var sentence: String? {
    guard let lastReload else { return isCurrent ? nil : "one is under way" }
    let others = isCurrent ? "" : ", what was in force goes on"
    let reasons = lastReload.reasons.isEmpty ? "" : ": " + lastReload.reasons.joined(separator: "; ")
    return "\(lastReload.outcome) \(Wording.time(lastReload.ago)) ago\(others)\(reasons)"
  }
}
