import Configuration
import Proxy

/// What the files hold that the configuration names for secrets. It has no description, so that no log can show it.
struct Secrets: Sendable, Equatable {
  /// Nothing where no password file is configured: connections do not authenticate.
  var upstream: UpstreamCredentials?
  var sentinel: UpstreamCredentials?

  /// None.
  init() {}

  /// A file that cannot be read, in one sentence that names the setting.
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// Reads every file that the configuration names.
  init(of configuration: AmbassadorConfiguration) throws(Failure) {
    upstream = try Self.credentials(
      configuration.upstream.username, configuration.upstream.passwordFile, "upstream.password-file")
    if case .sentinel(let sentinel) = configuration.topology {
      self.sentinel = try Self.credentials(
        sentinel.username, sentinel.passwordFile, "topology.sentinel.password-file")
    }
  }

  /// The files that it would read.
  static func files(of configuration: AmbassadorConfiguration) -> [String] { configuration.secretFiles.map(\.path) }

  private static func credentials(
    _ username: String?, _ path: String?, _ setting: String
  ) throws(Failure) -> UpstreamCredentials? {
    guard let path else { return nil }
    do throws(SecretFileError) {
      return UpstreamCredentials(username: Array((username ?? "").utf8), password: try SecretFile.read(path))
    } catch {
      throw Failure(description: "\(setting): \(error)")
    }
  }
}
