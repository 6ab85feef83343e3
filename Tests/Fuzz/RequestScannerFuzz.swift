// Attacks RequestScanner, RequestArguments and InlineCommand: nothing may trap or read beyond the bytes, and the outcome
// may not depend on where the bytes were cut. Compiled with the RESP sources into one module, see run.sh.

/// The first byte chooses the cut, the rest is the stream.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRequestScanner(_ data: UnsafePointer<UInt8>, _ size: Int) -> Int32 {
  guard size > 0 else { return 0 }
  let bytes = UnsafeRawBufferPointer(start: data + 1, count: size - 1)
  let cut = bytes.count * Int(data[0]) / 255
  // Memory of its own, so that the address sanitizer sees a read beyond the cut.
  let head = UnsafeMutableRawBufferPointer.allocate(byteCount: cut, alignment: 1)
  defer { head.deallocate() }
  head.copyBytes(from: bytes[..<cut])

  // One-byte limits are met more easily than those of Redis.
  var whole = RequestScanner(maxBulkLength: 1 << 20)
  whole.isAuthenticated = data[0] & 1 == 0
  var split = whole
  var dropping = whole
  let progress = whole.scan(bytes)
  _ = split.scan(UnsafeRawBufferPointer(head))
  check(split.position >= 0 && split.position <= cut)
  check(split.scan(bytes) == progress)
  _ = dropping.scan(UnsafeRawBufferPointer(head))
  let dropped = dropping.position
  check(dropping.scan(UnsafeRawBufferPointer(rebasing: bytes[dropped...]), dropped: dropped) == progress)
  for other in [split, dropping] {
    check(other.position == whole.position && other.argumentCount == whole.argumentCount)
    check(other.argumentsScanned == whole.argumentsScanned && other.pendingBulk == whole.pendingBulk)
    check(other.name == whole.name && other.second == whole.second && other.error == whole.error)
  }
  check(whole.position <= bytes.count && (whole.error != nil) == (progress == .malformed))
  check(whole.name.end <= whole.position && whole.second.end <= whole.position)

  let request = UnsafeRawBufferPointer(rebasing: bytes[..<whole.position])
  switch progress {
  case .complete:
    let spans = Array(RequestArguments(request))
    check(spans.count == whole.argumentCount)
    check((spans.first ?? whole.name) == whole.name)
    check((spans.dropFirst().first ?? whole.second) == whole.second)
  case .inline:
    guard let arguments = try? InlineCommand.arguments(of: request) else { break }
    // What is encoded again means the same.
    var encoded: [UInt8] = []
    RequestWriter.append(arguments, to: &encoded)
    encoded.withUnsafeBytes { encoded in
      check(RequestArguments(encoded).map { Array(encoded[$0.offset..<$0.end]) } == arguments)
    }
  case .needMore, .malformed: break
  }
  _ = try? InlineCommand.arguments(of: bytes)
  for span in RequestArguments(bytes) { check(span.offset >= 0 && span.length >= 0 && span.end <= bytes.count) }
  return 0
}

func check(_ condition: Bool, line: Int = #line) {
  if !condition { fatalError("line \(line)") }
}
