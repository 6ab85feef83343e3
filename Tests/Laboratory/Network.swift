import Glibc
import TestSupport

/// Two sides that can be cut from each other without a word, as by a switch that fails: no RST, no ICMP, no ARP that stays
/// unanswered. This process sees both sides all the time.
///
/// Each side is a network namespace behind a pair of virtual interfaces; this namespace passes packets between them, or
/// drops them. Needs to be root in a network namespace of one's own (``isPossible``).
final class Network: Sendable {
  enum Side: Int, CaseIterable {
    case near = 1
    case far = 2
  }

  /// Whether this process may do that: `unshare --map-root-user --net --mount` gives it what it needs.
  static let isPossible = access("/run/netns/.failover-laboratory", F_OK) == 0

  private let number: Int

  init() throws {
    number = Int(getpid()) % 200
    for side in Side.allCases {
      let (name, outer, inner) = (name(side), "\(name(side))o", "\(name(side))i")
      let (own, gateway) = (address(side), "10.77.\(subnet(side)).1")
      try Self.ip("netns", "add", name)
      try Self.ip("link", "add", outer, "type", "veth", "peer", "name", inner)
      try Self.ip("link", "set", inner, "netns", name)
      try Self.ip("addr", "add", "\(gateway)/24", "dev", outer)
      try Self.ip("link", "set", outer, "up")
      try Self.ip("-n", name, "link", "set", "lo", "up")
      try Self.ip("-n", name, "addr", "add", "\(own)/24", "dev", inner)
      try Self.ip("-n", name, "link", "set", inner, "up")
      try Self.ip("-n", name, "route", "add", "default", "via", gateway)
    }
    try heal()
  }

  deinit {
    for side in Side.allCases { try? Self.ip("netns", "del", name(side)) }
  }

  func place(_ side: Side) -> Place { Place(host: address(side), namespace: name(side)) }

  func cut() throws { try forward(false) }
  func heal() throws { try forward(true) }

  private func forward(_ isOn: Bool) throws {
    for side in Side.allCases {
      let path = "/proc/sys/net/ipv4/conf/\(name(side))o/forwarding"
      let descriptor = open(path, O_WRONLY | O_CLOEXEC)
      defer { close(descriptor) }
      guard descriptor >= 0, write(descriptor, isOn ? "1" : "0", 1) == 1 else { throw Failure("cannot write \(path)") }
    }
  }

  private func subnet(_ side: Side) -> Int { side.rawValue }
  private func address(_ side: Side) -> String { "10.77.\(subnet(side)).2" }
  private func name(_ side: Side) -> String { "amb\(number)-\(side.rawValue)" }

  private static func ip(_ arguments: String...) throws {
    guard let program = Tool.find("ip") else { throw Failure("`ip` (Debian's iproute2) is not there") }
    try Tool.run([program] + arguments)
  }
}
