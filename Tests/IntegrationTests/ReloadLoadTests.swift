import Laboratory
import TestSupport
import Testing

/// A few seconds of the laboratory of reloads. More, with figures: `make reload-report`.
@Suite(.throughTheAmbassador, .serialized)
struct ReloadLoadTests {
  @Test func `every kind of reload under load, and a storm of them: nobody loses anything, or gets another's reply`()
    throws
  {
    let findings = try ReloadLaboratory.run(lull: 0.1, storm: 1)
    let broken = findings.brokenPromises
    try check(broken.isEmpty, broken.joined(separator: "; "))
    let rates = findings.steps.map { Int($0.rate) }
    print("\(testName): \(rates) requests/s, \(findings.requests) in all; \(findings.storm.map { "\($0)" } ?? "")")
  }
}
