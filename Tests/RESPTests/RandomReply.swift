import RESP

/// Valid replies of any type and shape.
struct RandomReply {
  var generator: SplitMix64

  mutating func make(depth: Int = 0) -> [UInt8] {
    var output: [UInt8] = []
    append(to: &output, depth: depth)
    return output
  }

  private mutating func append(to output: inout [UInt8], depth: Int) {
    if generator.chance(8) { appendAggregate("|", pairs: true, to: &output, depth: depth) }
    switch Int.random(in: 0..<(depth < 4 ? 18 : 12), using: &generator) {
    case 0: ReplyWriter.appendSimpleString(generator.bytes(.random(in: 0...20, using: &generator)), to: &output)
    case 1: ReplyWriter.appendError("ERR x", to: &output)
    case 2: ReplyWriter.appendInteger(.random(in: .min ... .max, using: &generator), to: &output)
    case 3: ReplyWriter.appendInteger(.random(in: -10...99_999, using: &generator), to: &output)
    case 4, 5: ReplyWriter.appendBulk(generator.bytes(.random(in: 0...120, using: &generator)), to: &output)
    case 6: ReplyWriter.appendNull(generator.chance(2) ? .two : .three, to: &output)
    case 7: ReplyWriter.appendNullArray(generator.chance(2) ? .two : .three, to: &output)
    case 8: output += latin(generator.chance(2) ? "#t\r\n" : "#f\r\n")
    case 9:
      output += latin(
        [",inf\r\n", ",-inf\r\n", ",nan\r\n", ",-1.5e-7\r\n", ",3\r\n"].randomElement(using: &generator) ?? "")
    case 10: output += latin("(-12345678901234567890123\r\n")
    case 11: output += latin(generator.chance(2) ? "=7\r\ntxt:\r\n!\r\n" : "!5\r\nERR x\r\n")
    case 12: appendAggregate("%", pairs: true, to: &output, depth: depth)
    case 13: appendAggregate("~", pairs: false, to: &output, depth: depth)
    case 14: appendAggregate(">", pairs: false, to: &output, depth: depth)
    default: appendAggregate("*", pairs: false, to: &output, depth: depth)
    }
  }

  private mutating func appendAggregate(_ type: String, pairs: Bool, to output: inout [UInt8], depth: Int) {
    let count = Int.random(in: 0...3, using: &generator)
    output += latin("\(type)\(count)\r\n")
    for _ in 0..<(pairs ? count * 2 : count) { append(to: &output, depth: depth + 1) }
  }
}
