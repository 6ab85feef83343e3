import RESP

/// Everything a request scanner lets its user see.
struct RequestOutcome: Equatable {
  var progress: ScanProgress
  var position: Int
  var argumentCount: Int
  var argumentsScanned: Int
  var name: ByteSpan
  var second: ByteSpan
  var pendingBulk: Int
  var error: RequestSyntaxError?

  init(_ progress: ScanProgress, _ scanner: RequestScanner) {
    self.progress = progress
    position = scanner.position
    argumentCount = scanner.argumentCount
    argumentsScanned = scanner.argumentsScanned
    name = scanner.name
    second = scanner.second
    pendingBulk = scanner.pendingBulk
    error = scanner.error
  }
}

/// Everything a reply scanner lets its user see.
struct ReplyOutcome: Equatable {
  var progress: ScanProgress
  var position: Int
  var kind: UInt8
  var pendingBulk: Int
  var error: ReplySyntaxError?

  init(_ progress: ScanProgress, _ scanner: ReplyScanner) {
    self.progress = progress
    position = scanner.position
    kind = scanner.kind
    pendingBulk = scanner.pendingBulk
    error = scanner.error
  }
}

/// A scanner seen from far enough away that one helper can drive both kinds.
protocol Scanner {
  associatedtype Outcome: Equatable
  var position: Int { get }
  mutating func outcome(_ bytes: UnsafeRawBufferPointer, dropped: Int) -> Outcome
}

extension RequestScanner: Scanner {
  mutating func outcome(_ bytes: UnsafeRawBufferPointer, dropped: Int) -> RequestOutcome {
    let progress = scan(bytes, dropped: dropped)
    return RequestOutcome(progress, self)
  }
}

extension ReplyScanner: Scanner {
  mutating func outcome(_ bytes: UnsafeRawBufferPointer, dropped: Int) -> ReplyOutcome {
    let progress = scan(bytes, dropped: dropped)
    return ReplyOutcome(progress, self)
  }
}

extension Scanner {
  /// Scans `bytes[dropped..<end]` from memory of exactly that size, so that a sanitizer sees every byte too far.
  mutating func outcome(_ bytes: [UInt8], _ dropped: Int, _ end: Int) -> Outcome {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: end - dropped, alignment: 1)
    defer { copy.deallocate() }
    copy.copyBytes(from: bytes[dropped..<end])
    return outcome(UnsafeRawBufferPointer(copy), dropped: dropped)
  }

  /// The outcome of scanning `bytes` whole, and a line for each way of splitting them that ends differently: in two at
  /// every byte, one byte at a time, one byte at a time with everything below `position` dropped.
  func scanEveryWay(_ bytes: [UInt8], cutting cuts: (some Sequence<Int>)?) -> (whole: Outcome, differences: [String]) {
    var scanner = self
    let whole = scanner.outcome(bytes, 0, bytes.count)
    var differences: [String] = []
    for cut in cuts.map({ Array($0) }) ?? Array(0...bytes.count) {
      scanner = self
      _ = scanner.outcome(bytes, 0, cut)
      let outcome = scanner.outcome(bytes, 0, bytes.count)
      if outcome != whole { differences.append("cut at \(cut): \(outcome), whole: \(whole)") }
    }
    for drops in [false, true] {
      scanner = self
      var outcome = whole
      for end in 0...bytes.count {
        outcome = scanner.outcome(bytes, drops ? scanner.position : 0, max(end, scanner.position))
      }
      if outcome != whole {
        differences.append("bytewise, \(drops ? "dropping" : "keeping"): \(outcome), whole: \(whole)")
      }
    }
    return (whole, differences)
  }

  func scanEveryWay(_ bytes: [UInt8]) -> (whole: Outcome, differences: [String]) {
    scanEveryWay(bytes, cutting: [Int]?.none)
  }
}

/// The bytes of a text in which one character stands for one byte.
func latin(_ text: String) -> [UInt8] {
  text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
}

extension [UInt8] {
  func at(_ span: ByteSpan) -> [UInt8] { Array(self[span.offset..<span.end]) }
}
