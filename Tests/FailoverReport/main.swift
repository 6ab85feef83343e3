import Glibc
import Laboratory
import TestSupport

// Runs faults and tells what they did to the clients: `failover-report [--readme FILE] [--log] [--strict]
// [NAME...]`. Strict is who wants the goals of time reached as well.
func tell(_ text: String) {
  print(text)
  fflush(nil)
}
var names: [String] = []
var readme: String?
var showsLog = false
var isStrict = false
var arguments = CommandLine.arguments.dropFirst()
while let argument = arguments.popFirst() {
  switch argument {
  case "--readme": readme = arguments.popFirst()
  case "--log": showsLog = true
  case "--strict": isStrict = true
  case "--list":
    for fault in Fault.all { tell("\(fault.name): \(fault.title)") }
    exit(0)
  default: names.append(argument)
  }
}
let chosen = names.isEmpty ? Fault.all : names.compactMap(Fault.named)
guard chosen.count == names.count || names.isEmpty else {
  tell("one of \(names) is not known; --list tells them all")
  exit(64)
}
var rows: [String] = []
var isBroken = false
for fault in chosen {
  do {
    let run = try Laboratory.run(fault, untilCalm: true)
    rows.append(Report.row(run.findings))
    tell(Report.lines(run.findings))
    for sentence in run.findings.brokenPromises(fault.promise) {
      isBroken = true
      tell("  BROKEN: \(sentence)")
    }
    for sentence in run.findings.missedGoals(fault.promise) {
      isBroken = isBroken || isStrict
      tell("  MISSED: \(sentence)")
    }
    if showsLog { tell(run.log) }
  } catch {
    isBroken = true
    tell("\(fault.name): FAILED: \(error)")
  }
}
tell(([Report.head] + rows).joined(separator: "\n"))
if let readme, !isBroken {
  do { try ReadmeTable.write([Report.head] + rows, as: "failover-report", into: readme) } catch {
    tell("\(error)")
    exit(1)
  }
}
exit(isBroken ? 1 : 0)
