import Glibc

/// A small file, read whole.
enum FileBytes {
  enum Failure: Error, Equatable {
    case system(errno: Int32)
    case tooLarge(limit: Int)
  }

  /// The limit holds for devices and pipes too, whose size nobody knows beforehand.
  static func read(_ path: String, limit: Int) throws(Failure) -> [UInt8] {
    // A path with a NUL in it would open what stands before the NUL.
    guard !path.utf8.contains(0) else { throw .system(errno: EINVAL) }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(errno: errno) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16 * 1024)
    while true {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      if count == 0 { return bytes }
      guard count > 0 else {
        if errno == EINTR { continue }
        throw .system(errno: errno)
      }
      bytes += chunk[..<count]
      if bytes.count > limit { throw .tooLarge(limit: limit) }
    }
  }
}

extension FileBytes.Failure: CustomStringConvertible {
  var description: String {
    switch self {
    case .system(let code): "cannot be read: \(String(cString: strerror(code)))"
    case .tooLarge(let limit): "is larger than \(limit / 1024) KiB"
    }
  }
}
