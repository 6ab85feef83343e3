import Glibc

/// A queue of trivial elements in one block of memory.
///
/// Unsafe inside, with one invariant: `base` owns `mask + 1` elements (a power of two; none when `base` is nil), and the
/// `count` elements from `head` on, modulo that, are initialised. Elements are trivial, so nothing is ever destroyed.
public struct Ring<Element: BitwiseCopyable>: ~Copyable {
  private var base: UnsafeMutablePointer<Element>?
  private var mask = -1
  private var head = 0
  public private(set) var count = 0

  public init() {}

  deinit { base?.deallocate() }

  @inline(__always) public var isEmpty: Bool { count == 0 }

  @inline(__always)
  public mutating func append(_ element: Element) {
    if count > mask { grow() }
    guard let base else { return }
    (base + ((head + count) & mask)).initialize(to: element)
    count += 1
  }

  /// The place of the oldest element. Valid until the next mutation.
  @inline(__always)
  public var first: UnsafeMutablePointer<Element>? {
    count == 0 ? nil : base.map { $0 + (head & mask) }
  }

  /// The place of the newest element. Valid until the next mutation.
  @inline(__always)
  public var last: UnsafeMutablePointer<Element>? {
    count == 0 ? nil : base.map { $0 + ((head + count - 1) & mask) }
  }

  @inline(__always)
  public mutating func removeFirst() {
    guard count > 0 else { return }
    head = (head + 1) & mask
    count -= 1
  }

  /// Takes the oldest element.
  @inline(__always)
  public mutating func popFirst() -> Element? {
    guard let first else { return nil }
    let element = first.pointee
    removeFirst()
    return element
  }

  /// Takes the newest element.
  public mutating func popLast() -> Element? {
    guard let last else { return nil }
    let element = last.pointee
    count -= 1
    return element
  }

  /// The element at a place, the oldest being 0; nothing behind the newest.
  public func element(at index: Int) -> Element? {
    guard let base, index >= 0, index < count else { return nil }
    return base[(head + index) & mask]
  }

  /// Drops everything and gives the memory back.
  public mutating func release() {
    base?.deallocate()
    base = nil
    mask = -1
    head = 0
    count = 0
  }

  @inline(never)
  private mutating func grow() {
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
