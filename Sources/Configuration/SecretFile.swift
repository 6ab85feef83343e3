/// The files that passwords are in.
public enum SecretFile {
  /// Longer than any password, shorter than what a wrong path is likely to lead to.
  public static let limit = 64 * 1024

  /// The content without the one newline (`\n` or `\r\n`) that editors put at the end; everything else is the secret.
  public static func read(_ path: String) throws(SecretFileError) -> [UInt8] {
    var bytes: [UInt8]
    do {
      bytes = try FileBytes.read(path, limit: limit)
    } catch {
      throw SecretFileError(path: path, reason: error.description)
    }
    if bytes.last == UInt8(ascii: "\n") {
      bytes.removeLast()
      if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
    }
    guard !bytes.isEmpty else { throw SecretFileError(path: path, reason: "is empty") }
    return bytes
  }
}

/// Why there is no secret; it never holds any of the content.
public struct SecretFileError: Error, Sendable, Equatable, CustomStringConvertible {
  public let path: String
  public let reason: String

  public var description: String { "secret file \(quoted(path)) \(reason)" }

  /// The same for who looks at it elsewhere than where it is needed.
  public func description(at place: String) -> String {
    "secret file \(quoted(path)) \(reason.replacing("cannot be read", with: "cannot be read \(place)"))"
  }
}
