import Commands

/// What a server has said of whether a user may run the commands that the ambassador answers itself.
struct Permissions {
  enum Verdict {
    case granted
    /// In the server's words.
    case refused([UInt8])
    /// It has not been asked, or too long ago.
    case unknown
  }

  /// Until when each of them counts as allowed, by its number; empty or 0 for one that never was.
  private var grants: [Double] = []
  /// The last refusal. It holds for one turn only, that of the clients who have asked: a right that is given is noticed
  /// at once.
  private var refusal: (command: LocalCommand, words: [UInt8], turn: UInt64)?

  mutating func grant(_ command: LocalCommand, until: Double) {
    while grants.count <= Int(command.rawValue) { grants.append(0) }
    grants[Int(command.rawValue)] = until
  }

  mutating func refuse(_ command: LocalCommand, _ words: [UInt8], turn: UInt64) {
    if wasGranted(command) { grants[Int(command.rawValue)] = 0 }
    refusal = (command, words, turn)
  }

  func verdict(on command: LocalCommand, now: Double, turn: UInt64) -> Verdict {
    if let refusal, refusal.command == command, refusal.turn == turn { return .refused(refusal.words) }
    return wasGranted(command) && grants[Int(command.rawValue)] > now ? .granted : .unknown
  }

  /// Whether the last that was heard of it was a yes.
  func wasGranted(_ command: LocalCommand) -> Bool {
    Int(command.rawValue) < grants.count && grants[Int(command.rawValue)] > 0
  }
}
