import Configuration

// The files that are read are watched.
extension Ambassador {
  /// Watches what this configuration was read from, and what is in force: a secret that is missing now may come.
  func watchFiles(of configuration: AmbassadorConfiguration) {
    var files = Set(Secrets.files(of: self.configuration) + Secrets.files(of: configuration))
    if let file = inputs?.file { files.insert(file) }
    if fileWatch == nil, !files.isEmpty {
      fileWatch = FileWatch(on: loop) { [unowned self] in self.reload(because: "the files have changed") }
    }
    fileWatch?.watch(files, vital: inputs?.file)
  }

  func stopReloading() {
    fileWatch = nil
    if case .proving(let candidate) = reloading.stage { candidate.discovery.cancel() }
    let waiting = reloading.requests + reloading.later
    reloading = Reloading()
    for request in waiting { request.completion(.refused(["redis-amb is shutting down"])) }
  }
}
