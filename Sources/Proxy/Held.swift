/// What a client waits for while there is no primary: requests that provably were not executed, and the replies that have
/// their turn behind these.
///
/// Only for the few requests that were on their way when the primary was lost; later ones stay in the client's input.
final class Held {
  enum Item {
    /// With how often it was sent before.
    case request([UInt8], isRead: Bool, attempts: UInt8 = 0)
    case reply([UInt8])
  }

  /// What was taken back when its reply came, or would have, and what had its turn behind that.
  private var returned: [Item] = []
  /// What was never sent: it stands behind all that the client still waits for.
  private var unsent: [Item] = []
  private(set) var bytes = 0
  /// No replica may answer all that is asked.
  var needsPrimary = false

  /// In the order in which the client asked.
  var items: [Item] { returned + unsent }

  /// Whether the reply to an earlier request is missing, so that one that comes now has to wait.
  var isInTheWay: Bool { !returned.isEmpty }

  func append(_ item: Item) {
    returned.append(item)
    count(item)
  }

  func appendUnsent(_ item: Item) {
    unsent.append(item)
    count(item)
  }

  private func count(_ item: Item) {
    switch item {
    case .request(let request, _, _): bytes += request.count
    case .reply(let reply): bytes += reply.count
    }
  }
}
