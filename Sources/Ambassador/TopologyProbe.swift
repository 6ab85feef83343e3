import Discovery
import Reactor
import Topology

/// Looks at a topology once, without serving clients.
public enum TopologyProbe {
  /// Waits until the primary is proven and so many replicas can be read from.
  /// - Returns: whether that came to pass within `seconds`.
  public static func wait(primary: NodeAddress, fitReplicas: Int, within seconds: Double) -> Bool {
    guard let loop = EventLoop() else { return false }
    var isWhole = false
    let discovery = StaticDiscovery(
      on: loop, primary: primary, replicas: [], settings: MonitorSettings(),
      handlers: .init(
        onUpdate: { update in
          guard update.snapshot.primary != nil, update.snapshot.fitReplicas.count >= fitReplicas else { return }
          isWhole = true
          loop.stop()
        }, onCommands: { _ in }, onObservation: { _, _ in }))
    let deadline = TimerSource(on: loop, after: seconds) { loop.stop() }
    discovery.start()
    loop.run()
    discovery.cancel()
    withExtendedLifetime(deadline) {}
    return isWhole
  }
}
