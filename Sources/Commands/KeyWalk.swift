/// Finds a request's keys where the server's first, last and step do not tell them: one argument after the other, as
/// ``KeyScope`` says.
///
/// What it cannot tell is ``Verdict/anyKey``, which costs a detour and nothing else. A key too many costs as little; a
/// key that the server uses and this does not name would make a read stale.
public struct KeyWalk: Sendable {
  public enum Verdict: Sendable, Equatable {
    /// This argument is no key.
    case other
    /// This argument is a key.
    case key
    /// The request may concern any key: no further argument need be looked at.
    case anyKey
    /// No further argument is a key.
    case done
  }

  private enum Step {
    /// The keys' number stands `before` arguments further on.
    case count(before: Int)
    case keys(left: Int)
    case streams(BlockOption)
    /// The first key, then the destinations behind options.
    case stored(isNext: Bool)
    case patterns
  }

  private var step: Step
  private let argumentCount: Int
  /// The place of the next argument; the command's name is at 0.
  private var index = 1

  /// - Parameters:
  ///   - scope: one that is neither `.second`, `.listed` nor `.any`; nothing for these.
  ///   - argumentCount: of the whole request, the command's name included.
  public init?(_ scope: KeyScope, argumentCount: Int) {
    self.argumentCount = argumentCount
    switch scope {
    case .countedBySecond: step = .count(before: 0)
    case .countedByThird: step = .count(before: 1)
    case .streams: step = .streams(BlockOption())
    case .stored: step = .stored(isNext: true)
    case .patterned: step = .patterns
    case .second, .listed, .any: return nil
    }
  }

  /// - Parameter argument: the next argument behind the command's name.
  public mutating func consume(_ argument: UnsafeRawBufferPointer) -> Verdict {
    defer { index += 1 }
    switch step {
    case .count(let before) where before > 0:
      step = .count(before: before - 1)
      return .other
    case .count:
      // None at all: a script that names no key may read every key, and what else says so is an error.
      guard let count = Self.number(argument), count > 0, count < argumentCount - index else { return .anyKey }
      step = .keys(left: count)
      return .other
    case .keys(let left):
      guard left > 0 else { return .done }
      step = .keys(left: left - 1)
      return .key
    case .streams(var option):
      switch option.consume(argument) {
      case .blocks, .undecided: step = .streams(option)
      case .doesNotBlock:
        guard argument.isOption("streams") else { return .anyKey }
        // The keys, then as many ids.
        step = .keys(left: (argumentCount - index - 1) / 2)
      }
      return .other
    case .stored(let isNext):
      // Where the word is another option's value, the argument behind it counts as well: one key too many.
      step = .stored(isNext: argument.isOption("store") || argument.isOption("storedist"))
      return isNext ? .key : .other
    case .patterns:
      if index == 1 { return .key }
      // BY and GET lead to other keys by what stands in the place of the star; without one they lead nowhere.
      return argument.contains(UInt8(ascii: "*")) ? .anyKey : .other
    }
  }

  /// A number of keys as the server reads it, or nothing.
  private static func number(_ argument: UnsafeRawBufferPointer) -> Int? {
    guard (1...9).contains(argument.count) else { return nil }
    var number = 0
    for byte in argument {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
      number = number * 10 + Int(byte - UInt8(ascii: "0"))
    }
    return number
  }
}
