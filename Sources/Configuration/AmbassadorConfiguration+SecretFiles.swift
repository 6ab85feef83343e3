extension AmbassadorConfiguration {
  /// The files that secrets are read from, each with the setting that names it.
  public var secretFiles: [(key: String, path: String)] {
    var files = [("upstream.password-file", upstream.passwordFile)]
    if case .sentinel(let sentinel) = topology {
      files.append(("topology.sentinel.password-file", sentinel.passwordFile))
    }
    return files.compactMap { key, path in path.map { (key, $0) } }
  }
}
