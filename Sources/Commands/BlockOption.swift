/// Finds BLOCK among the options of XREAD and XREADGROUP, one argument at a time, as they come off the wire.
///
/// A stream or a group may itself be called "block": only an option's place counts, and STREAMS ends the options.
public struct BlockOption: Sendable {
  public enum Verdict: Sendable, Equatable {
    /// Ask again with the next argument. At the last one: the request does not block.
    case undecided
    case blocks
    case doesNotBlock
  }

  /// Arguments that belong to the option before them.
  private var operands = 0

  public init() {}

  /// - Parameter argument: the next argument after the command's name.
  public mutating func consume(_ argument: UnsafeRawBufferPointer) -> Verdict {
    if operands > 0 {
      operands -= 1
      return .undecided
    }
    switch argument {
    case _ where argument.isOption("block"):
      operands = 1
      return .blocks
    case _ where argument.isOption("streams"): return .doesNotBlock
    case _ where argument.isOption("count"): operands = 1
    case _ where argument.isOption("group"): operands = 2
    case _ where argument.isOption("noack"): break
    default: return .doesNotBlock  // A syntax error: the server stops reading here and says so at once.
    }
    return .undecided
  }
}

extension UnsafeRawBufferPointer {
  func isOption(_ name: StaticString) -> Bool {
    count == name.utf8CodeUnitCount
      && name.withUTF8Buffer { wanted in zip(self, wanted).allSatisfy { FoldedName.fold($0) == $1 } }
  }
}
