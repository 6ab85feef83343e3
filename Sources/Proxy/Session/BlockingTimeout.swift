import RESP

/// The timeout of a command that blocks, when it is asked again after it has waited for a while.
enum BlockingTimeout {
  /// The request with so much less to wait, in seconds; one without a timeout as it is. What is over is given the shortest
  /// time there is, so that the server says in its own words that nothing came.
  static func shortened(_ request: [UInt8], by waited: Double) -> [UInt8] {
    var words = request.withUnsafeBytes { bytes in
      RequestArguments(bytes).map { Array(bytes[$0.offset..<$0.end]) }
    }
    guard let name = words.first.map({ String(decoding: $0, as: UTF8.self).lowercased() }) else { return request }
    let isInMilliseconds = name == "xread" || name == "xreadgroup"
    let place: Int
    switch name {
    case "blmpop", "bzmpop": place = 1
    case "xread", "xreadgroup":
      let option = words.firstIndex { String(decoding: $0, as: UTF8.self).lowercased() == "block" }
      guard let option else { return request }
      place = option + 1
    default: place = words.count - 1
    }
    guard place > 0, place < words.count, let timeout = Double(String(decoding: words[place], as: UTF8.self)),
      timeout > 0, timeout.isFinite
    else { return request }
    let left = isInMilliseconds ? max(1, (timeout - waited * 1000).rounded(.up)) : max(0.001, timeout - waited)
    words[place] = Array((isInMilliseconds ? String(Int(min(left, 1e15))) : thousandths(left)).utf8)
    var shortened: [UInt8] = []
    RequestWriter.append(words, to: &shortened)
    return shortened
  }

  private static func thousandths(_ seconds: Double) -> String {
    guard seconds < 1e12 else { return String(Int64(min(seconds, 9e15))) }
    let all = Int64((seconds * 1000).rounded(.up))
    let rest = String(all % 1000)
    return "\(all / 1000).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
  }
}
