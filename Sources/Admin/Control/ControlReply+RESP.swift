import RESP

extension ControlReply {
  /// Appends the reply as it goes over the wire.
  func append(to output: inout [UInt8], _ version: RESPVersion) {
    switch self {
    case .status(let text): ReplyWriter.appendSimpleString(text, to: &output)
    case .failure(let text): ReplyWriter.appendError(text, to: &output)
    case .bulk(let text): ReplyWriter.appendBulk(text, to: &output)
    case .document(let document): document.append(to: &output, version)
    case .text(let lines):
      if version == .three {
        let text = lines.joined(separator: "\n")
        output += Array("=\(text.utf8.count + 4)\r\ntxt:\(text)\r\n".utf8)
      } else {
        ReplyWriter.appendArrayHeader(count: lines.count, to: &output)
        for line in lines { ReplyWriter.appendSimpleString(line, to: &output) }
      }
    }
  }
}
