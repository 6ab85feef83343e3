import Glibc

/// Tells that something has happened in directories, by inotify.
///
/// Directories and not files: whoever replaces a file careful enough renames another over it, and Kubernetes renames the
/// symbolic link of a whole directory; a watch on the file would be gone with it. What has happened is for the owner to
/// find out.
public final class DirectoryWatch {
  private let loop: EventLoop
  private let fd: Int32
  private let handler: () -> Void
  private var source: IOSource?
  /// By the kernel's number of the watch.
  private var watched: Set<Int32> = []

  private static let events = UInt32(
    IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_CLOSE_WRITE | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF)

  /// Nothing when the kernel gives no more of these.
  public init?(on loop: EventLoop, onChange handler: @escaping () -> Void) {
    let fd = inotify_init1(Int32(O_NONBLOCK | O_CLOEXEC))
    guard fd >= 0 else { return nil }
    self.loop = loop
    self.fd = fd
    self.handler = handler
    source = IOSource(on: loop, fd: fd, for: .readable) { [unowned self] in
      self.drain()
      self.handler()
    }
  }

  deinit {
    source = nil
    Gate.close(fd)
  }

  /// Watches these directories and no others. Asked again, it finds those that stand where others stood before.
  /// - Returns: whether all of them are there and can be watched.
  public func watch(_ directories: Set<String>) -> Bool {
    var found: Set<Int32> = []
    for directory in directories {
      // One that is watched already keeps its number.
      let number = inotify_add_watch(fd, directory, Self.events)
      if number >= 0 { found.insert(number) }
    }
    for gone in watched.subtracting(found) { inotify_rm_watch(fd, gone) }
    watched = found
    return found.count == directories.count
  }

  /// What exactly has happened does not matter.
  private func drain() {
    withUnsafeTemporaryAllocation(byteCount: 16 << 10, alignment: 8) { buffer in
      while let base = buffer.baseAddress, read(fd, base, buffer.count) > 0 {}
    }
  }
}
