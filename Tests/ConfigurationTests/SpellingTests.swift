import Testing

@testable import Configuration

@Suite struct SpellingTests {
  @Test(arguments: [
    ("", "", 0), ("abc", "abc", 0), ("abc", "", 3), ("abc", "acb", 1), ("kitten", "sitting", 3), ("ca", "abc", 3),
  ]) func distances(_ a: String, _ b: String, _ distance: Int) {
    #expect(Spelling.distance(Array(a.utf8), Array(b.utf8)) == distance)
    #expect(Spelling.distance(Array(b.utf8), Array(a.utf8)) == distance)
  }

  @Test(arguments: [
    ("treads", "threads"), ("reads.polcy", "reads.policy"), ("upstream.password_file", "upstream.password-file"),
    ("policy", "reads.policy"), ("log.policy", "reads.policy"), ("upstrem.timeout", "upstream.timeout"),
    ("xyzzy", nil), ("log.xyzzy", nil), (String(repeating: "x", count: 100_000), nil),
  ]) func keys(_ key: String, _ expected: String?) {
    #expect(Spelling.closestKey(to: key, among: Setting.all.map(\.key)) == expected)
  }
}
