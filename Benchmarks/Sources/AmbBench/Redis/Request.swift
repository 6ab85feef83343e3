/// Requests as bytes.
enum Request {
  static func encode(_ arguments: [String]) -> [UInt8] { encode(arguments.map { Array($0.utf8) }) }

  static func encode(_ arguments: [[UInt8]]) -> [UInt8] {
    var bytes = Array("*\(arguments.count)\r\n".utf8)
    bytes.reserveCapacity(arguments.reduce(32) { $0 + $1.count + 32 })
    for argument in arguments {
      bytes.append(contentsOf: "$\(argument.count)\r\n".utf8)
      bytes.append(contentsOf: argument)
      bytes.append(contentsOf: [0x0d, 0x0a])
    }
    return bytes
  }
}
