/// Finds the end of one request, and its first two arguments, without copying, allocating or building anything.
///
/// The judgement is that of Redis 7.0's `processMultibulkBuffer` and `processInlineBuffer` (networking.c), found by
/// experiment on 7.0.15: what Redis executes is `.complete`, what it answers with a protocol error is `.malformed`
/// with the same message, what it goes on waiting for is `.needMore`. In particular the byte behind a header's carriage
/// return and the two bytes behind a bulk payload are skipped unseen.
///
/// Resumable: scan again with more bytes behind the same ones; bytes below `position` are never looked at again and may
/// have been dropped meanwhile. Bulk payloads advance `position` piecewise, header lines only when they are whole.
/// The outcome does not depend on where the bytes were split.
@frozen
public struct RequestScanner: Sendable {
  /// Where in the request the next byte at `position` belongs.
  @frozen @usableFromInline
  enum Phase: UInt8, Sendable {
    /// Before the first line: nothing is known. Leaves for every other phase.
    case start
    /// Before a `$` line: `argumentsScanned < argumentCount`. Leaves for payload, complete, malformed.
    case header
    /// Inside a payload or the two bytes behind it: `pendingBulk > 0`. Leaves for header, complete.
    case payload
    // Final, left by `reset()` only.
    case complete, inline, malformed
  }

  @usableFromInline var _position = 0
  @usableFromInline var _argumentCount = 0
  @usableFromInline var _argumentsScanned = 0
  @usableFromInline var _pendingBulk = 0
  /// Payload length of the bulk under scan; meaningful in `.payload` only.
  @usableFromInline var _bulkLength = 0
  /// Bytes from `position` on that are known not to end the line under scan.
  @usableFromInline var _searched = 0
  @usableFromInline var _name = ByteSpan(offset: 0, length: 0)
  @usableFromInline var _second = ByteSpan(offset: 0, length: 0)
  @usableFromInline var _maxBulkLength: Int
  @usableFromInline var _phase = Phase.start
  @usableFromInline var _error: RequestSyntaxError?

  /// Whether the client may send requests of any size. False stands for a client that has yet to authenticate where a
  /// password is required: Redis then refuses more than 10 arguments and arguments of more than 16384 bytes.
  /// Change it between requests; `reset()` keeps it.
  public var isAuthenticated = true

  /// A scanner for one request after the other.
  ///
  /// - Parameter maxBulkLength: the longest argument in bytes, Redis's `proto-max-bulk-len`; clamped to be countable.
  public init(maxBulkLength: Int = RESPLimits.bulkLength) {
    _maxBulkLength = min(max(maxBulkLength, 0), Int.max &- 2)
  }

  /// Bytes of the current request consumed so far, from its first byte; on `.complete` and `.inline` its total length.
  @inlinable public var position: Int { _position }

  /// The number of arguments as announced, command name included; 0 until known, 0 for inline lines (which announce
  /// nothing) and 0 on `.complete` for the requests Redis skips without a reply: `*0` and `*-n`.
  @inlinable public var argumentCount: Int { _argumentCount }

  /// Arguments wholly seen, payload and the two bytes behind it.
  @inlinable public var argumentsScanned: Int { _argumentsScanned }

  /// The first argument's payload; empty until `isNameKnown`.
  @inlinable public var name: ByteSpan { _name }

  /// The second argument's payload; empty until `isSecondKnown`.
  @inlinable public var second: ByteSpan { _second }

  /// Whether the first argument was wholly seen.
  @inlinable public var isNameKnown: Bool { _argumentsScanned >= 1 }

  /// Whether there is a second argument and it was wholly seen.
  @inlinable public var isSecondKnown: Bool { _argumentsScanned >= 2 }

  /// Bytes still to come of the bulk under scan, the two bytes behind its payload included; 0 outside of bulks.
  @inlinable public var pendingBulk: Int { _pendingBulk }

  /// Why the request was refused; nil unless `.malformed`.
  @inlinable public var error: RequestSyntaxError? { _error }

  /// Forgets the request, keeps the limits.
  @inlinable
  public mutating func reset() {
    _position = 0
    _argumentCount = 0
    _argumentsScanned = 0
    _pendingBulk = 0
    _searched = 0
    _name = ByteSpan(offset: 0, length: 0)
    _second = ByteSpan(offset: 0, length: 0)
    _phase = .start
    _error = nil
  }

  /// Looks for the end of the current request.
  ///
  /// - Parameters:
  ///   - bytes: the request's bytes from the `dropped`th on, and whatever follows the request.
  ///   - dropped: bytes of the request that are no longer in `bytes`; at most `position`.
  /// - Returns: `.needMore` until the request ends; a final answer is repeated until `reset()`.
  @inlinable
  public mutating func scan(_ bytes: UnsafeRawBufferPointer, dropped: Int = 0) -> ScanProgress {
    assert(dropped >= 0 && dropped <= _position, "dropped bytes that the scanner still needs")
    // Invariant below: 0 <= at <= end, and `base[..<end]` is readable.
    let end = bytes.count
    var at = _position &- dropped
    guard let base = bytes.baseAddress, at >= 0, at < end else { return resting }

    switch _phase {
    case .start:
      // "*d\r" and any byte, d in 1...9.
      var word: UInt32 = 0
      if end &- at >= 4 {
        word = UInt32(littleEndian: base.loadUnaligned(fromByteOffset: at, as: UInt32.self))
      }
      let digit = ((word >> 8) & 0xFF) &- 0x30
      if word & 0x00FF_00FF == 0x000D_002A, digit &- 1 < 9 {
        _argumentCount = Int(truncatingIfNeeded: digit)
        _searched = 0
        at &+= 4
      } else {
        guard beginSlowly(base, at, end) else { return resting }
        at = _position &- dropped
      }
    case .header:
      break
    case .payload:
      let room = end &- at
      guard room >= _pendingBulk else {
        _pendingBulk &-= room
        _position &+= room
        return .needMore
      }
      at &+= _pendingBulk
      _pendingBulk = 0
      if _argumentsScanned < 2 {
        note(_argumentsScanned, offset: at &+ dropped &- 2 &- _bulkLength, length: _bulkLength)
      }
      _argumentsScanned &+= 1
      if _argumentsScanned == _argumentCount { return finish(at &+ dropped) }
    case .complete, .inline, .malformed:
      return resting
    }

    // Here an argument's header begins at `at`, and _argumentsScanned < _argumentCount.
    let count = _argumentCount
    var scanned = _argumentsScanned
    while true {
      var length = -1
      if end &- at >= 5 {
        // "$d\r" and any byte, or "$dd\r" and any byte; anything else is judged slowly.
        let word = UInt32(littleEndian: base.loadUnaligned(fromByteOffset: at, as: UInt32.self))
        let first = ((word >> 8) & 0xFF) &- 0x30
        if word & 0xFF00_00FF == 0x0D00_0024 {
          let last = ((word >> 16) & 0xFF) &- 0x30
          if first &- 1 < 9, last <= 9 {
            length = Int(truncatingIfNeeded: first &* 10 &+ last)
            at &+= 5
          }
        } else if word & 0x00FF_00FF == 0x000D_0024, first <= 9 {
          length = Int(truncatingIfNeeded: first)
          at &+= 4
        }
      }
      if length < 0 || length > _maxBulkLength {
        if length >= 0 { at &-= length < 10 ? 4 : 5 }
        _position = at &+ dropped
        _argumentsScanned = scanned
        length = readBulkLength(base, at, end)
        guard length >= 0 else { return resting }
        at = _position &- dropped
      }
      _searched = 0
      let room = end &- at
      guard room >= length &+ 2 else {
        _argumentsScanned = scanned
        _bulkLength = length
        _pendingBulk = length &+ 2 &- room
        _position = end &+ dropped
        _phase = .payload
        return .needMore
      }
      if scanned < 2 { note(scanned, offset: at &+ dropped, length: length) }
      at &+= length &+ 2
      scanned &+= 1
      if scanned == count {
        _argumentsScanned = scanned
        return finish(at &+ dropped)
      }
    }
  }

  /// The answer that the phase stands for.
  @inlinable
  var resting: ScanProgress {
    switch _phase {
    case .start, .header, .payload: .needMore
    case .complete: .complete
    case .inline: .inline
    case .malformed: .malformed
    }
  }

  /// Keeps the span of the first or second argument, which has just been seen.
  @inlinable
  mutating func note(_ index: Int, offset: Int, length: Int) {
    if index == 0 {
      _name = ByteSpan(offset: offset, length: length)
    } else {
      _second = ByteSpan(offset: offset, length: length)
    }
  }

  @inlinable
  mutating func finish(_ length: Int) -> ScanProgress {
    _position = length
    _phase = .complete
    return .complete
  }
}
