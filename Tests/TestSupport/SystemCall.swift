import Glibc

/// Runs a system call again for as long as it is interrupted.
@discardableResult
func retryingInterrupts<Result: SignedInteger>(_ call: () -> Result) -> Result {
  while true {
    let result = call()
    if result != -1 || errno != EINTR { return result }
  }
}

func systemFailure(_ doing: String, _ number: Int32 = errno) -> Failure {
  Failure("\(doing): \(String(cString: strerror(number)))")
}

/// A whole small file, or nil. For /proc, where the size of a file is not known before it is read.
func contents(ofFile path: String) -> [UInt8]? {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return nil }
  defer { Glibc.close(descriptor) }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 16384)
  while true {
    let count = retryingInterrupts { read(descriptor, &chunk, chunk.count) }
    guard count > 0 else { return bytes }
    bytes += chunk[..<count]
  }
}

public func text(ofFile path: String) -> String? {
  contents(ofFile: path).map { String(decoding: $0, as: UTF8.self) }
}

func isExecutable(_ path: String) -> Bool { access(path, X_OK) == 0 }

func environmentValue(_ name: String) -> String? {
  getenv(name).map { String(cString: $0) }
}
