import TestSupport
import Testing

@testable import Reactor

@Suite("A queue in one block")
struct RingTests {
  @Test("Random operations beside an array", arguments: 1...20 as ClosedRange<UInt64>)
  func model(seed: UInt64) throws {
    var dice = SeededGenerator(seed: seed)
    var ring = Ring<UInt64>()
    var model: [UInt64] = []
    // How likely it grows changes on the way, so that it fills, wraps around and empties again and again.
    var appetite = 6
    for step in 0..<3000 {
      if step % 100 == 0 { appetite = Int.random(in: 2...8, using: &dice) }
      switch Int.random(in: 0..<10, using: &dice) {
      case ..<appetite:
        let element = dice.next()
        ring.append(element)
        model.append(element)
      case 9 where Int.random(in: 0..<100, using: &dice) == 0:
        ring.release()
        model = []
      default:
        switch Int.random(in: 0..<3, using: &dice) {
        case 0:
          ring.removeFirst()
          if !model.isEmpty { model.removeFirst() }
        case 1:
          let (taken, expected) = (ring.popFirst(), model.isEmpty ? nil : model.removeFirst())
          try #require(taken == expected)
        default:
          let (taken, expected) = (ring.popLast(), model.popLast())
          try #require(taken == expected)
        }
      }
      let (count, isEmpty, first, last) = (ring.count, ring.isEmpty, ring.first?.pointee, ring.last?.pointee)
      try #require(count == model.count)
      try #require(isEmpty == model.isEmpty)
      try #require(first == model.first)
      try #require(last == model.last)
      let (before, behind) = (ring.element(at: -1), ring.element(at: model.count))
      try #require(before == nil && behind == nil)
      if step % 7 == 0 {
        let all = (0..<model.count).map { ring.element(at: $0) }
        try #require(all == model)
      }
    }
  }

  @Test("It grows in order when its oldest element is anywhere in the block", arguments: 0..<8)
  func growth(offset: Int) {
    var ring = Ring<Int>()
    for number in 0..<8 { ring.append(number) }
    for _ in 0..<offset { ring.removeFirst() }
    for number in 8..<30 { ring.append(number) }
    let all = (0..<ring.count).map { ring.element(at: $0) }
    #expect(all == (offset..<30).map { $0 })
  }

  @Test("A steady queue does not grow")
  func reuse() {
    var ring = Ring<Int>()
    for number in 0..<5 { ring.append(number) }
    for number in 5..<10_000 {
      ring.append(number)
      let taken = ring.popFirst()
      #expect(taken == number - 5)
    }
    let capacity = ring.mask + 1
    #expect(capacity == 8)
  }

  @Test("What the places of the oldest and newest element point to can be changed")
  func places() {
    var ring = Ring<Int>()
    for number in 1...3 { ring.append(number) }
    ring.first?.pointee = 10
    ring.last?.pointee = 30
    let all = (0..<3).map { ring.element(at: $0) }
    #expect(all == [10, 2, 30])
  }
}
