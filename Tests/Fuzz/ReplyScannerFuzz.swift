// Attacks ReplyScanner and ReplyError: nothing may trap or read beyond the bytes, the outcome may not depend on where the
// bytes were cut, and a naive recursive reader must agree. Compiled with the RESP sources into one module, see run.sh.

/// The first byte chooses the cut, the rest is the stream.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzReplyScanner(_ data: UnsafePointer<UInt8>, _ size: Int) -> Int32 {
  guard size > 0 else { return 0 }
  let bytes = UnsafeRawBufferPointer(start: data + 1, count: size - 1)
  let cut = bytes.count * Int(data[0]) / 255
  // Memory of its own, so that the address sanitizer sees a read beyond the cut.
  let head = UnsafeMutableRawBufferPointer.allocate(byteCount: cut, alignment: 1)
  defer { head.deallocate() }
  head.copyBytes(from: bytes[..<cut])

  var whole = ReplyScanner(maxBulkLength: data[0] & 1 == 0 ? 1 << 20 : .max)
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
    check(other.position == whole.position && other.kind == whole.kind)
    check(other.pendingBulk == whole.pendingBulk && other.error == whole.error)
  }
  check(progress != .inline && whole.position <= bytes.count && (whole.error != nil) == (progress == .malformed))
  if progress == .complete {
    var reader = NaiveReader(bytes: bytes)
    check(reader.value() && reader.at == whole.position && reader.kind == whole.kind)
    _ = ReplyError(reply: UnsafeRawBufferPointer(rebasing: bytes[..<whole.position]))
  }
  _ = ReplyError(reply: bytes)
  return 0
}

/// Reads a reply the obvious way, with a stack, trusting that it is complete and right.
struct NaiveReader {
  let bytes: UnsafeRawBufferPointer
  var at = 0
  var kind: UInt8 = 0

  mutating func line() -> Int {
    let start = at
    while at + 1 < bytes.count, bytes[at] != 13 || bytes[at + 1] != 10 { at += 1 }
    let text = String(decoding: bytes[start..<at], as: UTF8.self)
    at += 2
    return Int(text) ?? 0
  }

  mutating func value(depth: Int = 0) -> Bool {
    guard at < bytes.count else { return false }
    let type = bytes[at]
    if depth == 0 && type != UInt8(ascii: "|") { kind = type }
    at += 1
    let number = line()
    var count = 0
    switch type {
    case UInt8(ascii: "$"), UInt8(ascii: "!"), UInt8(ascii: "="): at += number < 0 ? 0 : number + 2
    case UInt8(ascii: "*"), UInt8(ascii: "~"), UInt8(ascii: ">"): count = number
    case UInt8(ascii: "%"), UInt8(ascii: "|"): count = number * 2
    default: break
    }
    if count > 0 {
      for _ in 0..<count where !value(depth: depth + 1) { return false }
    }
    return type == UInt8(ascii: "|") ? value(depth: depth) : true
  }
}

func check(_ condition: Bool, line: Int = #line) {
  if !condition { fatalError("line \(line)") }
}
