/// Something that a worker can be asked or told from another thread, and what it says to that.
///
/// The questions are static members, beside what they are about: a question reads what the worker knows and gives back a
/// value. It runs between two events of the worker's loop, so it must be quick: nothing that grows with the number of
/// clients, unless it is bounded.
public struct WorkerQuestion<Answer: Sendable>: Sendable {
  let answer: @Sendable (WorkerRef) -> Answer

  init(_ answer: @escaping @Sendable (WorkerRef) -> Answer) { self.answer = answer }
}
