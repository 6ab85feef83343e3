/// Where clients connect.
public enum ListenAddress: Sendable, Hashable, CustomStringConvertible {
  /// Port 0 lets the kernel choose.
  case tcp(Endpoint)
  case unix(path: String)

  public var description: String {
    switch self {
    case .tcp(let endpoint): endpoint.description
    case .unix(let path): "unix:\(path)"
    }
  }
}
