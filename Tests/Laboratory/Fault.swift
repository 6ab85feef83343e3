import TestSupport

/// One thing that goes wrong, or is done.
public struct Fault: Sendable {
  public enum Topology: Sendable { case sentinel, `static`, dns }
  /// Where the ambassador is when the primary is cut from the rest.
  public enum Partition: Sendable { case withPrimary, withRest }

  /// For the command line.
  public let name: String
  /// For the table.
  public let title: String
  public let topology: Topology
  public let promise: Promise
  public let partition: Partition?
  /// Of all redis-servers, as on their command line.
  let options: [String]
  /// Does it, and waits for what it leads to.
  let inject: @Sendable (Laboratory) throws -> Void

  init(
    _ name: String, _ title: String, _ topology: Topology = .sentinel, promise: Promise, partition: Partition? = nil,
    options: [String] = [], inject: @escaping @Sendable (Laboratory) throws -> Void
  ) {
    self.name = name
    self.title = title
    self.topology = topology
    self.promise = promise
    self.partition = partition
    self.options = options
    self.inject = inject
  }

  public static let all: [Fault] = primaryKilled + primaryHung + handovers + partitions + replicas + sentinels + series

  /// Whether this machine lets it be done.
  public var isPossible: Bool {
    (partition == nil || Network.isPossible) && (topology != .dns || Tool.hosts != nil)
  }

  public static func named(_ name: String) -> Fault? { all.first { $0.name == name } }
}
