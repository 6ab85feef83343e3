import Glibc

/// The standard streams, written to without Foundation and without buffers.
enum Terminal: Int32 {
  case output = 1
  case error = 2

  /// Gives up on a stream that nobody reads any more: there is nobody to tell.
  func write(_ text: String) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(rawValue, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      bytes = bytes.dropFirst(count)
    }
  }
}
