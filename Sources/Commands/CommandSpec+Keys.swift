/// Positions of keys among a request's arguments: from `first` to `last`, every `step`-th. The command's name is at 0.
@frozen
public struct KeyRange: Sendable, Equatable {
  public let first: Int
  public let last: Int
  public let step: Int

  @inlinable
  public init(first: Int, last: Int, step: Int) {
    self.first = first
    self.last = last
    self.step = step
  }

  @inlinable
  public static var empty: KeyRange { KeyRange(first: 0, last: -1, step: 1) }

  @inlinable
  public var isEmpty: Bool { last < first }

  /// For `for position in range.positions`.
  @inlinable
  public var positions: StrideThrough<Int> { stride(from: first, through: last, by: step) }
}

/// Where a request's keys are, as far as the table can tell.
public enum KeyPositions: Sendable, Equatable {
  /// It has no keys.
  case none
  case range(KeyRange)
  /// It may touch any key: its keys depend on its arguments in a way that the table does not know.
  case unknown
}

extension CommandSpec {
  /// The keys that the server's first/last/step name, within a request of so many arguments; empty when there are none.
  /// Not the whole truth for `movableKeys` and for unknown commands: see ``keyPositions(argumentCount:)``.
  @inlinable
  public func keyRange(argumentCount: Int) -> KeyRange {
    guard firstKey > 0, keyStep > 0 else { return .empty }
    let last = lastKey >= 0 ? Int(lastKey) : argumentCount + Int(lastKey)
    return KeyRange(first: Int(firstKey), last: min(last, argumentCount - 1), step: Int(keyStep))
  }

  /// All keys of a request of so many arguments, or the admission that they are not known.
  public func keyPositions(argumentCount: Int) -> KeyPositions {
    if isUnknown || flags.contains(.movableKeys) { return .unknown }
    // Shard channels stand where keys would, so that Cluster can hash them; they are not keys.
    if flags.contains(.pubsub) { return .none }
    let range = keyRange(argumentCount: argumentCount)
    return range.isEmpty ? .none : .range(range)
  }
}
