import Glibc
import Testing

@testable import Configuration

@Suite struct SecretFileTests {
  @Test(arguments: [
    ("hunter2", "hunter2"), ("hunter2\n", "hunter2"), ("hunter2\r\n", "hunter2"), ("hunter2\n\n", "hunter2\n"),
    (" hunter2 ", " hunter2 "), ("\u{0}\u{e9}", "\u{0}\u{e9}"),
  ]) func oneNewlineGoes(_ content: String, _ secret: String) throws {
    try withFile(content) { path in
      let bytes = try SecretFile.read(path)
      #expect(bytes == Array(secret.utf8))
    }
  }

  @Test(arguments: [
    ("", "is empty"), ("\n", "is empty"), (String(repeating: "hunter2", count: 10_000), "is larger than 64 KiB"),
  ]) func errorsWithoutTheContent(_ content: String, _ reason: String) throws {
    try withFile(content) { path in
      #expect(throws: SecretFileError(path: path, reason: reason)) { try SecretFile.read(path) }
    }
  }

  @Test func noFile() {
    let error = #expect(throws: SecretFileError.self) { try SecretFile.read("/nowhere/secret") }
    #expect(error?.description == "secret file \"/nowhere/secret\" cannot be read: No such file or directory")
  }

  private func withFile(_ content: String, _ body: (String) throws -> Void) throws {
    var name = Array("/tmp/redis-amb-secret-XXXXXX".utf8CString)
    let descriptor = mkstemp(&name)
    let path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer {
      close(descriptor)
      unlink(path)
    }
    let bytes = Array(content.utf8)
    #expect(write(descriptor, bytes, bytes.count) == bytes.count)
    try body(path)
  }
}
