/// The three name spaces of pub/sub.
enum Channels: UInt8, CaseIterable {
  case named, patterns, shards
}

/// What a connection is subscribed to.
struct Subscriptions: Equatable {
  private var names: [Set<[UInt8]>] = Channels.allCases.map { _ in [] }

  var isEmpty: Bool { names.allSatisfy(\.isEmpty) }

  subscript(channels: Channels) -> Set<[UInt8]> { names[Int(channels.rawValue)] }

  mutating func insert(_ name: [UInt8], as channels: Channels) { names[Int(channels.rawValue)].insert(name) }
  mutating func remove(_ name: [UInt8], as channels: Channels) { names[Int(channels.rawValue)].remove(name) }
}
