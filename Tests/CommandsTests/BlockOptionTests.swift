import Testing

@testable import Commands

@Suite("BLOCK among the options of XREAD and XREADGROUP")
struct BlockOptionTests {
  @Test(
    "Only in an option's place",
    arguments: [
      ("BLOCK 0 STREAMS s $", BlockOption.Verdict.blocks),
      ("count 5 bLoCk 100 streams s 0", .blocks),
      ("GROUP g c BLOCK 0 STREAMS s >", .blocks),
      ("GROUP block block NOACK COUNT 1 BLOCK 0 STREAMS s >", .blocks),
      ("STREAMS block 0", .doesNotBlock),
      ("COUNT block STREAMS s 0", .doesNotBlock),
      ("GROUP block c STREAMS s >", .doesNotBlock),
      ("GROUP g block STREAMS s >", .doesNotBlock),
      ("NOACK STREAMS s block", .doesNotBlock),
      ("nonsense BLOCK 0 STREAMS s 0", .doesNotBlock),
      ("COUNT", .undecided),
      ("", .undecided),
    ])
  func verdict(arguments: String, expected: BlockOption.Verdict) {
    var option = BlockOption()
    var verdict = BlockOption.Verdict.undecided
    for argument in arguments.split(separator: " ") where verdict == .undecided {
      verdict = Array(argument.utf8).withUnsafeBytes { option.consume($0) }
    }
    #expect(verdict == expected)
  }
}
