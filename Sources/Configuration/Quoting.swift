/// A text for an error: on one line, in quotes, shortened, and without what stands before an `@`, where people put
/// passwords (`redis://user:password@host`).
func quoted(_ text: String) -> String { "\"\(quotable(text))\"" }

func quotable(_ text: String) -> String {
  var shown = ""
  let visible = text.lastIndex(of: "@").map { "***" + text[$0...] } ?? text
  for scalar in visible.unicodeScalars.prefix(60) {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .privateUse, .surrogate:
      shown += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
    default: shown.unicodeScalars.append(scalar)
    }
  }
  return visible.unicodeScalars.count > 60 ? shown + "..." : shown
}
