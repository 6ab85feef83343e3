import Configuration
import Proxy
import Topology

/// What a reload will do: the difference between the configuration in force and the one that was read.
///
/// A value; planning changes nothing.
public struct ReloadPlan: Sendable, Equatable {
  /// A setting that is different.
  public struct Change: Sendable, Equatable {
    /// Dotted, as in the file.
    public let key: String
    /// As a file would have them; empty for not set.
    public let old: String
    public let new: String
  }

  /// Settings that change while it runs.
  public internal(set) var changes: [Change] = []
  /// Settings that stay as they are until a restart.
  public internal(set) var restarts: [Change] = []
  /// Settings whose files hold another secret than before.
  public internal(set) var secrets: [String] = []
  /// Nodes that the new configuration names and that are not in use.
  public internal(set) var added: [NodeAddress] = []
  /// Nodes that are in use and have no place in the new configuration.
  public internal(set) var removed: [NodeAddress] = []
  /// Nodes come to be known in another way: they are looked at anew before anything changes.
  var looksAnew = false
  /// What will be in force: the new configuration but for what needs a restart.
  var configuration: AmbassadorConfiguration

  /// Whether nothing that can change without a restart is different.
  public var isEmpty: Bool { changes.isEmpty && secrets.isEmpty }

  /// - Parameters:
  ///   - known: the nodes in use, fit or not.
  init(
    from old: (configuration: AmbassadorConfiguration, secrets: Secrets),
    to new: (configuration: AmbassadorConfiguration, secrets: Secrets), known: Set<NodeAddress>
  ) {
    configuration = new.configuration
    for setting in Setting.all where setting.reload == .restart && setting.key != "listen" {
      note(setting, from: old.configuration, to: new.configuration, in: &restarts)
      setting.carry(old.configuration, &configuration)
    }
    configuration.listen = keepAddresses(of: old.configuration.listen, new.configuration.listen)
    for setting in Setting.all where setting.reload == .live || setting.key == "listen" {
      note(setting, from: old.configuration, to: configuration, in: &changes)
    }
    noteSecret("upstream.password-file", from: old.secrets.upstream, to: new.secrets.upstream)
    noteSecret("topology.sentinel.password-file", from: old.secrets.sentinel, to: new.secrets.sentinel)
    looksAnew =
      old.secrets != new.secrets || old.configuration.topology != new.configuration.topology
      || old.configuration.reads.maxLag != new.configuration.reads.maxLag
      || old.configuration.upstream.timeout != new.configuration.upstream.timeout
      || old.configuration.upstream.connectTimeout != new.configuration.upstream.connectTimeout
    if old.configuration.topology != new.configuration.topology { compareNodes(known) }
  }

  private func note(
    _ setting: Setting, from old: AmbassadorConfiguration, to new: AmbassadorConfiguration, in list: inout [Change]
  ) {
    let (before, after) = (setting.text(in: old), setting.text(in: new))
    if before != after { list.append(Change(key: setting.key, old: before, new: after)) }
  }

  /// Another file is a change that is told already.
  private mutating func noteSecret(_ key: String, from old: UpstreamCredentials?, to new: UpstreamCredentials?) {
    if old?.password != new?.password, !changes.contains(where: { $0.key == key }) { secrets.append(key) }
  }

  /// The addresses stay; how their clients are served may change.
  private mutating func keepAddresses(of old: [Listener], _ new: [Listener]) -> [Listener] {
    if Set(old.map(\.address)) != Set(new.map(\.address)) {
      func words(_ listeners: [Listener]) -> String {
        "[" + listeners.map(\.address.description).joined(separator: ", ") + "]"
      }
      restarts.append(Change(key: "listen", old: words(old), new: words(new)))
    }
    return old.map { listener in new.first { $0.address == listener.address } ?? listener }
  }

  /// What the nodes will say of others is not known yet.
  private mutating func compareNodes(_ known: Set<NodeAddress>) {
    guard case .static(let nodes) = configuration.topology else { return }
    let named = [NodeAddress(nodes.primary)] + nodes.replicas.map { NodeAddress($0) }
    added = named.filter { !known.contains($0) }
    guard !nodes.replicas.isEmpty else { return }
    removed = known.subtracting(named).sorted { "\($0)" < "\($1)" }
  }
}

extension ReloadPlan: CustomStringConvertible {
  /// A line for each thing that changes or cannot.
  public var lines: [String] {
    var lines = changes.map { "\($0.key): \($0.old.orNothing) -> \($0.new.orNothing)" }
    lines += secrets.map { "\($0): the file holds another secret" }
    if !added.isEmpty { lines.append("nodes added: \(added.words)") }
    if !removed.isEmpty { lines.append("nodes removed: \(removed.words)") }
    lines += restartLines
    return lines.isEmpty ? ["nothing changes"] : lines
  }

  /// A line for each thing that cannot change now.
  var restartLines: [String] {
    restarts.map { "\($0.key): \($0.old.orNothing) -> \($0.new.orNothing) needs a restart, and stays as it is" }
  }

  public var description: String { lines.joined(separator: "; ") }
}

extension String {
  fileprivate var orNothing: String { isEmpty ? "(not set)" : self }
}

extension Collection where Element == NodeAddress {
  var words: String { map(\.description).joined(separator: ", ") }
}
