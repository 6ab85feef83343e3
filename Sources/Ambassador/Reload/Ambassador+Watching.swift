import Configuration
import Glibc

// The files that are read are watched.
extension Ambassador {
  /// Watches what this configuration was read from, and what is in force: a secret that is missing now may come.
  func watchFiles(of configuration: AmbassadorConfiguration) {
    var files = Set(Secrets.files(of: self.configuration) + Secrets.files(of: configuration))
    if let file = inputs?.file { files.insert(file) }
    if fileWatch == nil, !files.isEmpty {
      fileWatch = FileWatch(on: loop) { [unowned self] in self.reload(because: Self.changedFiles) }
    }
    fileWatch?.watch(files, vital: inputs?.file)
  }

  /// Reads the files once more now that they are watched: what was changed after it was read and before that is missed
  /// otherwise. What is no regular file, such as a pipe, has given all that it has.
  func catchUp() {
    guard let inputs, ([inputs.file].compactMap { $0 } + Secrets.files(of: configuration)).allSatisfy(isRegularFile)
    else { return }
    if case .success(let now) = inputs.load(), now == configuration, (try? Secrets(of: now)) == secrets { return }
    reload(because: Self.changedFiles)
  }

  private static let changedFiles = "the files have changed"

  /// Reloads no more; whoever waits for a reload is told.
  func stopReloading() {
    fileWatch = nil
    if case .proving(let candidate) = reloading.stage { candidate.discovery.cancel() }
    guard reloading.isUnderWay else { return }
    let waiting = reloading.requests + reloading.later
    reloading = Reloading()
    tell(waiting) { _ in .abandoned }
  }
}

private func isRegularFile(_ path: String) -> Bool {
  var status = stat()
  return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
}
