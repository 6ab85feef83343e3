import Reactor

/// Asks all workers the same and hands over what they have answered by a deadline. Belongs to one loop.
///
/// A worker that does not answer in time is reported as silent, not waited for; what it says later is dropped.
public final class WorkerSurvey {
  private struct Answer: Sendable {
    let round: UInt64
    let worker: Int
    let value: any Sendable
  }

  private struct Round {
    var answers: [(any Sendable)?]
    var missing: Int
    let deadline: TimerSource
    let finish: ([(any Sendable)?]) -> Void
  }

  private let loop: EventLoop
  private let workers: [WorkerThread]
  private let mailbox = Mailbox<Answer>()
  private var rounds: [UInt64: Round] = [:]
  private var lastRound: UInt64 = 0

  public init(on loop: EventLoop, of workers: [WorkerThread]) {
    self.loop = loop
    self.workers = workers
    mailbox.open(on: loop) { [unowned self] answer in self.take(answer) }
  }

  /// Ends: nobody hears of the rounds under way any more.
  public func close() {
    rounds = [:]
    mailbox.close()
  }

  /// Asks every worker.
  /// - Parameters:
  ///   - seconds: how long the slowest of them is waited for.
  ///   - then: called once on this loop, never before this returns, with each worker's answer in its place; nothing
  ///     stands for one that was silent.
  public func ask<Reply>(
    _ question: WorkerQuestion<Reply>, within seconds: Double = 1, then: @escaping ([Reply?]) -> Void
  ) {
    ask(question, of: Array(workers.indices), within: seconds, then: then)
  }

  /// Asks one worker.
  public func ask<Reply>(
    _ question: WorkerQuestion<Reply>, worker index: Int, within seconds: Double = 1,
    then: @escaping (Reply?) -> Void
  ) {
    ask(question, of: [index], within: seconds) { then($0.first ?? nil) }
  }

  private func ask<Reply>(
    _ question: WorkerQuestion<Reply>, of asked: [Int], within seconds: Double, then: @escaping ([Reply?]) -> Void
  ) {
    lastRound += 1
    let number = lastRound
    let deadline = TimerSource(on: loop, after: seconds) { [unowned self] in self.finish(number) }
    rounds[number] = Round(
      answers: Array(repeating: nil, count: asked.count), missing: asked.count, deadline: deadline
    ) { answers in then(answers.map { $0 as? Reply }) }
    let mailbox = mailbox
    for (place, index) in asked.enumerated() {
      workers[index].ask(question) { mailbox.send(Answer(round: number, worker: place, value: $0)) }
    }
  }

  private func take(_ answer: Answer) {
    guard var round = rounds[answer.round], round.answers[answer.worker] == nil else { return }
    round.answers[answer.worker] = answer.value
    round.missing -= 1
    rounds[answer.round] = round
    if round.missing == 0 { finish(answer.round) }
  }

  private func finish(_ number: UInt64) {
    guard let round = rounds.removeValue(forKey: number) else { return }
    round.finish(round.answers)
  }
}
