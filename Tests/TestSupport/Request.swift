/// The bytes of requests.
public enum Request {
  /// An array of bulk strings.
  public static func bytes(_ arguments: [String]) -> [UInt8] {
    bytes(arguments.map { Array($0.utf8) })
  }

  public static func bytes(_ arguments: [[UInt8]]) -> [UInt8] {
    var request = Array("*\(arguments.count)\r\n".utf8)
    for argument in arguments {
      request += "$\(argument.count)\r\n".utf8
      request += argument
      request += [0x0d, 0x0a]
    }
    return request
  }

  public static func bytes(pipeline: [[String]]) -> [UInt8] { pipeline.flatMap { bytes($0) } }
}
