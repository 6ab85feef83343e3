/// What a client waits for while there is no primary: requests that were taken back from a lane because they provably were
/// not executed, and the replies that have their turn behind these.
///
/// Only for the few requests that were on their way when the primary was lost; later ones stay in the client's input.
final class Held {
  enum Item {
    case request([UInt8], isRead: Bool)
    case reply([UInt8])
  }

  private(set) var items: [Item] = []
  private(set) var bytes = 0
  /// No replica may answer all that is asked.
  var needsPrimary = false

  func append(_ item: Item) {
    items.append(item)
    switch item {
    case .request(let request, _): bytes += request.count
    case .reply(let reply): bytes += reply.count
    }
  }
}
