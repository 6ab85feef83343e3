import Glibc
import Reactor

/// Notices that files have changed, however they are changed: written to, renamed over, or swapped with their directory as
/// Kubernetes does it.
///
/// A directory that goes away does no harm: it is looked for every second, and taken up again when it returns.
final class FileWatch {
  /// Changes that come together are one, in seconds: so long without another, or since the first of them.
  private static let calm = 0.1
  private static let longestUnrest = 1.0
  /// How often files are looked at whose directories cannot be watched, in seconds.
  private static let pollInterval = 1.0

  private let loop: EventLoop
  private let onChange: () -> Void
  private var directories: DirectoryWatch?
  private var files: Set<String> = []
  /// Without which there is nothing to be told.
  private var vital: String?
  private var fingerprints: [String: Fingerprint] = [:]
  private var calm: TimerSource?
  private var poll: TimerSource?
  private var unrestSince: Double?

  /// What is different when a file is another, or has been written to.
  private struct Fingerprint: Equatable {
    let device: UInt
    let inode: UInt
    let size: Int
    let modified: Int
    let modifiedNanoseconds: Int

    /// Nothing when it is not there.
    init?(of path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      device = UInt(status.st_dev)
      inode = UInt(status.st_ino)
      size = Int(status.st_size)
      modified = Int(status.st_mtim.tv_sec)
      modifiedNanoseconds = Int(status.st_mtim.tv_nsec)
    }
  }

  init(on loop: EventLoop, onChange: @escaping () -> Void) {
    self.loop = loop
    self.onChange = onChange
    directories = DirectoryWatch(on: loop) { [unowned self] in self.stirred() }
  }

  /// Watches these files and no others. One that is not watched yet is noted as it is now.
  /// - Parameter vital: the one that must be there for a change of any to count. Of the others, one that is gone is as it
  ///   was: it may have been deleted because it is not needed any more.
  func watch(_ files: Set<String>, vital: String? = nil) {
    self.vital = vital
    fingerprints = files.reduce(into: [:]) {
      $0[$1] = self.files.contains($1) ? fingerprints[$1] : Fingerprint(of: $1)
    }
    self.files = files
    watchDirectories()
  }

  /// Notes how the files are: they are about to be read.
  func note() { fingerprints = files.reduce(into: [:]) { $0[$1] = Fingerprint(of: $1) } }

  /// The directories that lead to the files: where their names are, and where they are themselves.
  private func watchDirectories() {
    var paths: Set<String> = []
    for file in files {
      paths.insert(Self.directory(of: file))
      if let real = realpath(file, nil) {
        paths.insert(Self.directory(of: String(cString: real)))
        free(real)
      }
    }
    let areAllWatched = directories?.watch(paths) ?? false
    if areAllWatched && files.allSatisfy({ Fingerprint(of: $0) != nil }) {
      poll = nil
    } else if poll == nil {
      poll = TimerSource(on: loop, after: Self.pollInterval, repeating: Self.pollInterval) { [unowned self] in
        self.look()
      }
    }
  }

  private func stirred() {
    let since = unrestSince ?? loop.now
    unrestSince = since
    let wait = max(0, min(Self.calm, since + Self.longestUnrest - loop.now))
    calm = TimerSource(on: loop, after: wait) { [unowned self] in
      self.unrestSince = nil
      self.look()
    }
  }

  /// Whether any file that is there is another than before.
  private func look() {
    let now = files.reduce(into: [String: Fingerprint]()) { $0[$1] = Fingerprint(of: $1) }
    let isWhole = vital.map { now[$0] != nil } ?? true
    let isOther = isWhole && now.contains { $1 != fingerprints[$0] }
    if isOther { fingerprints.merge(now) { $1 } }
    watchDirectories()
    if isOther { onChange() }
  }

  private static func directory(of file: String) -> String {
    guard let slash = file.lastIndex(of: "/") else { return "." }
    return slash == file.startIndex ? "/" : String(file[..<slash])
  }
}
