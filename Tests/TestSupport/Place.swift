/// Where a process runs: the address by which it is reached, and the network that it sees.
public struct Place: Sendable {
  public let host: String
  /// In front of a command line, to start it there.
  let launcher: [String]

  /// This machine's loopback.
  public static let here = Place(host: "127.0.0.1", launcher: [])

  /// The same under another of its many addresses, 127.0.0.`number`: as many nodes as are wanted on one port.
  public static func loopback(_ number: Int) -> Place { Place(host: "127.0.0.\(number)", launcher: []) }

  /// In a network namespace that `ip netns` has made.
  public init(host: String, namespace: String) {
    self.host = host
    launcher = ["/usr/bin/nsenter", "--net=/run/netns/\(namespace)"]
  }

  private init(host: String, launcher: [String]) {
    self.host = host
    self.launcher = launcher
  }

  public func address(_ port: UInt16) -> String { "\(host):\(port)" }
}
