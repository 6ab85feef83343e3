import Glibc
import Laboratory
import TestSupport

// Runs every kind of reload under load, and then a storm of them, and tells what they did to the clients:
// `reload-report [--readme FILE] [--storm SECONDS] [--lull SECONDS]`.
var readme: String?
var storm = 20.0
var lull = 2.0
var arguments = CommandLine.arguments.dropFirst()
while let argument = arguments.popFirst() {
  let value = arguments.popFirst()
  switch argument {
  case "--readme": readme = value
  case "--storm": storm = value.flatMap { Double($0) } ?? storm
  case "--lull": lull = value.flatMap { Double($0) } ?? lull
  default:
    print("reload-report takes --readme FILE, --storm SECONDS and --lull SECONDS")
    exit(64)
  }
}
do {
  let findings = try ReloadLaboratory.run(lull: lull, storm: storm)
  let lines = ReloadTable.lines(findings)
  print(lines.joined(separator: "\n"))
  let broken = findings.brokenPromises
  for sentence in broken { print("BROKEN: \(sentence)") }
  if let readme, broken.isEmpty { try ReadmeTable.write(lines, as: "reload-report", into: readme) }
  exit(broken.isEmpty ? 0 : 1)
} catch {
  print("\(error)")
  exit(1)
}
