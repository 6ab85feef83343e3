import Commands
import Consistency
import Reactor
import Testing

@testable import Proxy

@Suite("Chance")
struct DiceTests {
  @Test("Every number below a bound has its share", arguments: [1, 2, 3, 5, 7, 16, 100])
  func below(bound: Int) {
    var dice = Dice(seed: 42)
    let rolls = 20_000 * max(1, bound / 10)
    var counts = [Int](repeating: 0, count: bound)
    for _ in 0..<rolls { counts[dice.below(bound)] += 1 }
    let share = rolls / bound
    for (number, count) in counts.enumerated() {
      #expect(abs(count - share) < share / 5, "\(number) came \(count) times instead of \(share)")
    }
  }

  @Test("A bound of nothing gives 0")
  func bounds() {
    var dice = Dice(seed: 1)
    #expect(dice.below(0) == 0)
    #expect(dice.below(-5) == 0)
  }

  @Test("Fractions fill 0..<1 evenly", arguments: [0, 1, 2, .max] as [UInt64])
  func fraction(seed: UInt64) {
    var dice = Dice(seed: seed)
    var sum = 0.0
    var tenths = [Int](repeating: 0, count: 10)
    for _ in 0..<20_000 {
      let fraction = dice.fraction()
      #expect(fraction >= 0 && fraction < 1)
      sum += fraction
      tenths[min(9, Int(fraction * 10))] += 1
    }
    #expect(abs(sum / 20_000 - 0.5) < 0.01)
    #expect(tenths.allSatisfy { (1800...2200).contains($0) })
  }

  @Test("The same seed rolls the same, another differs")
  func seeds() {
    var (one, same, other) = (Dice(seed: 3), Dice(seed: 3), Dice(seed: 4))
    let rolls = (0..<10).map { _ in one.roll() }
    #expect(rolls == (0..<10).map { _ in same.roll() })
    #expect(rolls != (0..<10).map { _ in other.roll() })
  }

  /// Backoff is jittered so that a fleet does not come back in step: the first worker of every pod must not have the
  /// same luck.
  @Test("Two workers have different luck, also with the same index")
  func workers() throws {
    let loop = try #require(EventLoop())
    defer { loop.destroy() }
    let ledger = SharedLedger(writers: 1)
    let states = (0..<20).map { index in
      Worker(
        index: index % 2, loop: loop, settings: WorkerSettings(), table: .builtin, ledger: ledger.pointer,
        report: { _ in }
      ).dice.state
    }
    #expect(Set(states).count == 20)
  }
}
