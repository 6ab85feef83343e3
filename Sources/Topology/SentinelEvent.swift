/// What a Sentinel has published to those who follow `PSUBSCRIBE *`, as far as it matters to who is the primary.
///
/// Events stop, answers prove: an event has no config epoch, so none of them is ever taken as proof of a new primary.
public enum SentinelEvent: Equatable, Sendable {
  /// A failover against this primary has begun or gone a step further.
  case failover(against: NodeAddress)
  /// This replica is to be promoted, or has been, in the place of the primary.
  case selected(NodeAddress, insteadOf: NodeAddress)
  case switched(from: NodeAddress, to: NodeAddress)
  /// Enough Sentinels agree that the primary is down.
  case down(NodeAddress)
  /// Something about the set has changed that an answer will tell.
  case changed

  /// Reads an event about the set called `name`; nothing for other sets and for what has no meaning here.
  public init?(channel: String, payload: String, name: String) {
    let words = payload.split(separator: " ").map(String.init)
    if channel == "+switch-master" {
      guard words.count >= 5, words[0] == name, let old = NodeAddress(host: words[1], port: words[2]),
        let new = NodeAddress(host: words[3], port: words[4])
      else { return nil }
      self = .switched(from: old, to: new)
      return
    }
    guard let subject = Subject(words), subject.name == name else { return nil }
    switch channel {
    case "+selected-slave", "+promoted-slave":
      guard let node = subject.node else { return nil }
      self = .selected(node, insteadOf: subject.primary)
    case "+try-failover", "+elected-leader", "+failover-detected", "+slave-reconf-sent", "+slave-reconf-inprog",
      "+slave-reconf-done":
      self = .failover(against: subject.primary)
    case _ where channel.hasPrefix("+failover-state-"): self = .failover(against: subject.primary)
    case "+odown" where subject.node == nil: self = .down(subject.primary)
    // One Sentinel's own opinion (`+sdown`) is none of ours while the primary answers us; but it is worth a look.
    default: self = .changed
    }
  }

  /// `master NAME IP PORT`, or `slave|sentinel ID IP PORT @ NAME IP PORT`, with more words behind.
  private struct Subject {
    let name: String
    let primary: NodeAddress
    /// Nothing when the event is about the primary itself.
    let node: NodeAddress?

    init?(_ words: [String]) {
      guard words.count >= 4, let own = NodeAddress(host: words[2], port: words[3]) else { return nil }
      if words[0] == "master" {
        (name, primary, node) = (words[1], own, nil)
      } else {
        guard words.count >= 8, words[4] == "@", let primary = NodeAddress(host: words[6], port: words[7]) else {
          return nil
        }
        (name, self.primary, node) = (words[5], primary, own)
      }
    }
  }
}
