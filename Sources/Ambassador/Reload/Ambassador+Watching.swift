import Configuration

// The files that are read are watched, as Kubernetes changes them: by their directories.
extension Ambassador {
  func watchFiles(of configuration: AmbassadorConfiguration) {}

  func stopReloading() {
    if case .proving(let candidate) = reloading.stage { candidate.discovery.cancel() }
    reloading = Reloading()
  }
}
