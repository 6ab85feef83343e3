/// What the fast path leaves over: lines that are unfinished, long, odd or wrong.
extension RequestScanner {
  /// Reads the request's first line, which begins at `at`.
  ///
  /// - Returns: true when arguments follow: `position` is behind the line then. False when there is nothing more to do.
  @usableFromInline @inline(never)
  mutating func beginSlowly(_ base: UnsafeRawPointer, _ at: Int, _ end: Int) -> Bool {
    let bytes = base.assumingMemoryBound(to: UInt8.self)
    guard bytes[at] == Byte.star else {
      endInline(bytes, at, end)
      return false
    }
    guard let lineEnd = findLineEnd(bytes, at, end, tooBig: .argumentCountLineTooBig) else { return false }
    guard let count = DecimalNumber.parse(bytes, at &+ 1..<lineEnd), count <= RESPLimits.argumentCount else {
      fail(.invalidArgumentCount)
      return false
    }
    guard isAuthenticated || count <= RESPLimits.unauthenticatedArgumentCount else {
      fail(.unauthenticatedArgumentCount)
      return false
    }
    _position &+= lineEnd &+ 2 &- at
    _argumentCount = max(count, 0)
    _phase = count > 0 ? .header : .complete
    return count > 0
  }

  /// Reads the bulk length line that begins at `at`, where `position` stands.
  ///
  /// - Returns: the payload's length, `position` being behind the line; negative when there is nothing more to do.
  @usableFromInline @inline(never)
  mutating func readBulkLength(_ base: UnsafeRawPointer, _ at: Int, _ end: Int) -> Int {
    let bytes = base.assumingMemoryBound(to: UInt8.self)
    _phase = .header
    guard let lineEnd = findLineEnd(bytes, at, end, tooBig: .bulkLengthLineTooBig) else { return -1 }
    guard bytes[at] == Byte.dollar else {
      fail(.expectedDollar(got: bytes[at]))
      return -1
    }
    guard let length = DecimalNumber.parse(bytes, at &+ 1..<lineEnd), length >= 0, length <= _maxBulkLength else {
      fail(.invalidBulkLength)
      return -1
    }
    guard isAuthenticated || length <= RESPLimits.unauthenticatedBulkLength else {
      fail(.unauthenticatedBulkLength)
      return -1
    }
    _position &+= lineEnd &+ 2 &- at
    return length
  }

  /// The index of the carriage return that ends the line beginning at `at`, once the byte behind it is there too.
  private mutating func findLineEnd(
    _ bytes: UnsafePointer<UInt8>, _ at: Int, _ end: Int, tooBig: RequestSyntaxError
  ) -> Int? {
    switch RequestLine.find(Byte.carriageReturn, in: bytes, from: at, to: end, searched: min(_searched, end &- at)) {
    case .found(let index) where end &- index >= 2:
      _searched = 0
      return index
    case .found(let index):
      _searched = index &- at
    case .unfinished(let searched):
      _searched = searched
    case .tooBig:
      fail(tooBig)
    }
    return nil
  }

  private mutating func endInline(_ bytes: UnsafePointer<UInt8>, _ at: Int, _ end: Int) {
    switch RequestLine.find(Byte.lineFeed, in: bytes, from: at, to: end, searched: min(_searched, end &- at)) {
    case .found(let index):
      _searched = 0
      _position &+= index &+ 1 &- at
      _phase = .inline
    case .unfinished(let searched):
      _searched = searched
    case .tooBig:
      fail(.inlineTooBig)
    }
  }

  private mutating func fail(_ error: RequestSyntaxError) {
    _error = error
    _phase = .malformed
  }
}
