import Glibc
import TestSupport

/// A table in a text for people that a measurement writes: what stands between two marks.
public enum ReadmeTable {
  /// Puts `lines` between `<!-- name begin -->` and `<!-- name end -->`.
  public static func write(_ lines: [String], as name: String, into path: String) throws {
    let (begin, end) = ("<!-- \(name) begin -->", "<!-- \(name) end -->")
    guard let text = TestSupport.text(ofFile: path), let start = text.ranges(of: begin).first,
      let finish = text.ranges(of: end).first
    else {
      throw Failure("\(path) has no marks for the table \(name)")
    }
    let new = text[..<start.upperBound] + "\n" + lines.joined(separator: "\n") + "\n" + text[finish.lowerBound...]
    guard let stream = fopen(path, "we") else { throw Failure("cannot write \(path)") }
    fputs(String(new), stream)
    fclose(stream)
  }
}
