/// What went wrong, as one sentence that also says what to do about it.
struct BenchError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
