import Consistency
import Testing

@Suite("Up to where single keys are forgotten")
struct HorizonTests {
  /// Seconds, what the slowest and the quickest replica have, and the horizon.
  @Test("It follows the slowest replica, and the quickest a second or two later")
  func advances() {
    var horizon = Horizon()
    let steps: [(now: Double, least: Ticket, most: Ticket, expected: Ticket)] = [
      (10, 3, 5, 3),
      (10.1, 4, 9, 4),
      (10.9, 4, 20, 4),
      (11, 4, 21, 5),
      (11.5, 4, 30, 5),
      (12, 4, 31, 21),
      (12.1, 25, 32, 25),
      (12.2, 0, 33, 21),
    ]
    for step in steps {
      let now = horizon.advance(least: step.least, most: step.most, now: step.now)
      #expect(now == step.expected, "at \(step.now)")
    }
  }
}
