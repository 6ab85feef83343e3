/// A module that a server has loaded, as `MODULE LIST` and `HELLO` tell of it.
public struct LoadedModule: Equatable, Sendable {
  public var name: String
  public var version: Int
  /// Since Redis 7.0: where it was loaded from, and what was given to it; nothing from older servers.
  public var origin: Origin?

  public struct Origin: Equatable, Sendable {
    public var path: String
    public var arguments: [String]

    public init(path: String, arguments: [String]) {
      self.path = path
      self.arguments = arguments
    }
  }

  public init(name: String, version: Int, origin: Origin? = nil) {
    self.name = name
    self.version = version
    self.origin = origin
  }
}
