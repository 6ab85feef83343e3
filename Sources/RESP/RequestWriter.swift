/// Encodes requests as arrays of bulk strings, the form every Redis accepts.
public enum RequestWriter {
  /// Appends one request; nothing for no arguments, which Redis would skip.
  public static func append(_ arguments: [[UInt8]], to output: inout [UInt8]) {
    guard !arguments.isEmpty else { return }
    appendHeader(count: arguments.count, to: &output)
    for argument in arguments { appendArgument(argument, to: &output) }
  }

  /// Appends one request of words, for those the proxy makes itself.
  public static func append(_ words: String..., to output: inout [UInt8]) {
    guard !words.isEmpty else { return }
    appendHeader(count: words.count, to: &output)
    for word in words { appendArgument(word.utf8, to: &output) }
  }

  /// Appends the first line of a request of `count` arguments.
  public static func appendHeader(count: Int, to output: inout [UInt8]) {
    ReplyWriter.appendLine(Byte.star, count, to: &output)
  }

  /// Appends one argument.
  public static func appendArgument(_ argument: some Collection<UInt8>, to output: inout [UInt8]) {
    ReplyWriter.appendBulk(argument, to: &output)
  }
}
