import Testing
import Topology

@Suite("The text of INFO")
struct InfoTextTests {
  @Test(
    "Fields",
    arguments: [
      ("role:master\r\nx:1\r\n", "role", "master"), ("role:master\nrole:slave", "role", "slave"),
      ("# Server\r\nos:Linux 6.1: x86\r\n", "os", "Linux 6.1: x86"), ("a:\r\n", "a", ""), (":b", "", "b"),
      ("a", "a", nil), ("", "a", nil), ("a :1", "a", nil), ("b:1\r\n\r\n# A\r\na:2", "a", "2"),
    ] as [(String, Substring, Substring?)])
  func fields(text: String, field: Substring, value: Substring?) {
    #expect(InfoText(text)[field] == value)
  }
}
