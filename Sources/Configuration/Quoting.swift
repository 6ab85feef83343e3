/// A text for an error: on one line, in quotes, shortened, and without what stands before an `@`, where people put
/// passwords (`redis://user:password@host`).
func quoted(_ text: String) -> String { "\"\(quotable(text))\"" }

func quotable(_ text: String) -> String {
  let visible = text.lastIndex(of: "@").map { "***" + text[$0...] } ?? text
  var start = ""
  start.unicodeScalars.append(contentsOf: visible.unicodeScalars.prefix(60))
  return printable(start) + (visible.unicodeScalars.count > 60 ? "..." : "")
}

/// The text with everything escaped that would break the line or hide in it.
func printable(_ text: String) -> String {
  var shown = ""
  for scalar in text.unicodeScalars {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .privateUse, .surrogate:
      shown += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
    default: shown.unicodeScalars.append(scalar)
    }
  }
  return shown
}
