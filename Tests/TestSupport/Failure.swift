/// What every helper of the lab throws: one sentence that a failed test can show as it is.
public struct Failure: Error, CustomStringConvertible, Sendable {
  public var description: String

  public init(_ description: String) { self.description = description }
}

/// `#expect` for code that runs on the lab's own threads, where swift-testing does not know which test it is in.
public func check(_ condition: Bool, _ complaint: @autoclosure () -> String) throws {
  if !condition { throw Failure(complaint()) }
}
