import Glibc

/// A queue of trivial elements in one block of memory.
///
/// Unsafe inside, with one invariant: `base` owns `mask + 1` elements (a power of two; none when `base` is nil), and the
/// `count` elements from `head` on, modulo that, are initialised. Elements are trivial, so nothing is ever destroyed.
@frozen
public struct Ring<Element: BitwiseCopyable>: ~Copyable {
  @usableFromInline var base: UnsafeMutablePointer<Element>?
  @usableFromInline var mask = -1
  @usableFromInline var head = 0
  @usableFromInline var _count = 0

  @inlinable @inline(__always) public var count: Int { _count }

  @inlinable
  public init() {}

  @inlinable
  deinit { base?.deallocate() }

  @inlinable @inline(__always) public var isEmpty: Bool { count == 0 }

  @inlinable @inline(__always)
  public mutating func append(_ element: Element) {
    if count > mask { grow() }
    guard let base else { return }
    (base + ((head &+ _count) & mask)).initialize(to: element)
    _count &+= 1
  }

  /// The place of the oldest element. Valid until the next mutation.
  @inlinable @inline(__always)
  public var first: UnsafeMutablePointer<Element>? {
    guard let base, _count > 0 else { return nil }
    return base + (head & mask)
  }

  /// The place of the newest element. Valid until the next mutation.
  @inlinable @inline(__always)
  public var last: UnsafeMutablePointer<Element>? {
    guard let base, _count > 0 else { return nil }
    return base + ((head &+ _count &- 1) & mask)
  }

  @inlinable @inline(__always)
  public mutating func removeFirst() {
    guard count > 0 else { return }
    head = (head &+ 1) & mask
    _count &-= 1
  }

  /// Takes the oldest element.
  @inlinable @inline(__always)
  public mutating func popFirst() -> Element? {
    guard let first else { return nil }
    let element = first.pointee
    removeFirst()
    return element
  }

  /// Takes the newest element.
  @inlinable
  public mutating func popLast() -> Element? {
    guard let last else { return nil }
    let element = last.pointee
    _count &-= 1
    return element
  }

  /// The element at a place, the oldest being 0; nothing behind the newest.
  @inlinable
  public func element(at index: Int) -> Element? {
    guard let base, index >= 0, index < count else { return nil }
    return base[(head + index) & mask]
  }

  /// The place of the element that `index` others stand before. Valid until the next mutation.
  public func place(at index: Int) -> UnsafeMutablePointer<Element>? {
    guard let base, index >= 0, index < count else { return nil }
    return base + ((head &+ index) & mask)
  }

  /// Drops everything and gives the memory back.
  @inlinable
  public mutating func release() {
    base?.deallocate()
    base = nil
    mask = -1
    head = 0
    _count = 0
  }

  @inline(never) @inlinable
  mutating func grow() {
    let wanted = max(8, (mask + 1) * 2)
    let fresh = UnsafeMutablePointer<Element>.allocate(capacity: wanted)
    if let base {
      for index in 0..<count { (fresh + index).initialize(to: base[(head + index) & mask]) }
      base.deallocate()
    }
    base = fresh
    mask = wanted - 1
    head = 0
  }
}
