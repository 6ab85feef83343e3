/// Finds the end of one reply, RESP2 or RESP3, without building a tree.
///
/// Instead of a stack there is one number: how many values are still to come. A value takes one away, an aggregate of n
/// elements takes one away and adds n, and an attribute (which stands before a value and is none itself) adds its 2n.
/// So any depth costs the same.
///
/// Strict where RequestScanner is lenient: a reply that is not followed exactly would give one client's data to another.
/// Resumable like RequestScanner; text and payloads advance `position` piecewise, number lines when they are whole. The
/// outcome does not depend on where the bytes were split.
@frozen
public struct ReplyScanner: Sendable {
  /// What the byte at `position` is.
  @frozen @usableFromInline
  enum Phase: UInt8, Sendable {
    /// A type byte: `_remaining > 0`. Leaves for every other phase.
    case value
    /// Inside a payload or its CRLF: `pendingBulk > 0`. Leaves for value, complete, malformed.
    case payload
    /// Inside the text of a simple string or error. Leaves for value, complete, malformed.
    case text
    /// Inside a double or a big number. Leaves for value, complete, malformed.
    case digits
    // Final, left by `reset()` only.
    case complete, malformed
  }

  @usableFromInline var _position = 0
  /// Values still to come, the one under scan included.
  @usableFromInline var _remaining = 1
  @usableFromInline var _pendingBulk = 0
  /// Bytes of the line under scan so far, without its type byte; meaningful in `.text` and `.digits`.
  @usableFromInline var _lineLength = 0
  @usableFromInline var _maxBulkLength: Int
  @usableFromInline var _kind: UInt8 = 0
  @usableFromInline var _phase = Phase.value
  @usableFromInline var _error: ReplySyntaxError?

  /// A scanner for one reply after the other.
  ///
  /// - Parameter maxBulkLength: the longest payload in bytes that is believed; clamped to be countable.
  public init(maxBulkLength: Int = RESPLimits.replyBulkLength) {
    _maxBulkLength = min(max(maxBulkLength, 0), Int.max &- 2)
  }

  /// Bytes of the reply consumed so far; on `.complete` its total length, attributes included.
  @inlinable public var position: Int { _position }

  /// The first byte of the reply proper, behind its attributes: one of `+ - : $ * _ # , ( ! = % ~ >`; 0 until known.
  @inlinable public var kind: UInt8 { _kind }

  /// Bytes still to come of the bulk under scan, its CRLF included; 0 outside of bulks.
  @inlinable public var pendingBulk: Int { _pendingBulk }

  /// Why the reply was refused; nil unless `.malformed`.
  @inlinable public var error: ReplySyntaxError? { _error }

  /// Forgets the reply, keeps the limit.
  @inlinable
  public mutating func reset() {
    _position = 0
    _remaining = 1
    _pendingBulk = 0
    _lineLength = 0
    _kind = 0
    _phase = .value
    _error = nil
  }

  /// Looks for the end of the current reply; never `.inline`.
  ///
  /// - Parameters:
  ///   - bytes: the reply's bytes from the `dropped`th on, and whatever follows the reply.
  ///   - dropped: bytes of the reply that are no longer in `bytes`; at most `position`.
  /// - Returns: `.needMore` until the reply ends; a final answer is repeated until `reset()`.
  @inlinable
  public mutating func scan(_ bytes: UnsafeRawBufferPointer, dropped: Int = 0) -> ScanProgress {
    assert(dropped >= 0 && dropped <= _position, "dropped bytes that the scanner still needs")
    // Invariant below: 0 <= at <= end, and `base[..<end]` is readable.
    let end = bytes.count
    var at = _position &- dropped
    guard let base = bytes.baseAddress, at >= 0, at < end else { return resting }
    let pointer = base.assumingMemoryBound(to: UInt8.self)
    while true {
      if _phase == .value {
        skipCommonValues(pointer, &at, end)
        if _remaining == 0 {
          _position = at &+ dropped
          _phase = .complete
          return .complete
        }
      }
      guard takeStep(pointer, &at, end) else {
        _position = at &+ dropped
        return resting
      }
    }
  }

  /// `+OK\r` as the four bytes appear in memory.
  @inlinable static var okay: UInt32 { UInt32(bigEndian: 0x2B4F_4B0D) }

  /// `$-1\r` as the four bytes appear in memory.
  @inlinable static var null: UInt32 { UInt32(bigEndian: 0x242D_310D) }

  /// Skips the values most replies are made of as long as they are whole and right: bulks, integers and arrays whose
  /// number has at most four digits, `+OK` and `$-1`. Stops before anything else, which `takeStep` judges.
  ///
  /// Invariant: `0 <= at <= end`, `bytes[..<end]` is readable, and `at` is before a type byte unless `_remaining == 0`.
  @inlinable
  mutating func skipCommonValues(_ bytes: UnsafePointer<UInt8>, _ at: inout Int, _ end: Int) {
    var remaining = _remaining
    // Any element count fits behind this one without overflow.
    while remaining &- 1 < RESPLimits.replyElements, end &- at >= 5 {
      let type = bytes[at]
      let word = UnsafeRawPointer(bytes).loadUnaligned(fromByteOffset: at, as: UInt32.self)
      if word == Self.okay || word == Self.null {
        guard bytes[at &+ 4] == Byte.lineFeed else { break }
        at &+= 5
        remaining &-= 1
      } else {
        guard type == Byte.dollar || type == Byte.colon || type == Byte.star else { break }
        var number = Int(truncatingIfNeeded: bytes[at &+ 1] &- Byte.zero)
        guard number <= 9 else { break }
        var next = at &+ 2
        if number > 0 {
          let lastDigit = min(at &+ 5, end &- 2)
          while next < lastDigit {
            let digit = bytes[next] &- Byte.zero
            guard digit <= 9 else { break }
            number = number &* 10 &+ Int(truncatingIfNeeded: digit)
            next &+= 1
          }
        }
        guard end &- next >= 2, bytes[next] == Byte.carriageReturn, bytes[next &+ 1] == Byte.lineFeed else { break }
        next &+= 2
        if type == Byte.dollar {
          guard end &- next >= number &+ 2, number <= _maxBulkLength else { break }
          next &+= number
          guard bytes[next] == Byte.carriageReturn, bytes[next &+ 1] == Byte.lineFeed else { break }
          next &+= 2
        } else if type == Byte.star {
          remaining &+= number
        }
        at = next
        remaining &-= 1
      }
      if _kind == 0, _remaining == 1 { _kind = type }
      _remaining = remaining
      if remaining == 0 { return }
    }
  }

  /// The answer that the phase stands for.
  @inlinable
  var resting: ScanProgress {
    switch _phase {
    case .value, .payload, .text, .digits: .needMore
    case .complete: .complete
    case .malformed: .malformed
    }
  }
}
