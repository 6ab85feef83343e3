import Glibc
import Testing

@testable import Configuration

/// The committed files are what the declaration says. After changing it:
/// `REGENERATE=1 swift test --filter ReferenceTests`.
@Suite struct ReferenceTests {
  private static let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()

  @Test(arguments: [
    ("config/redis-amb.yaml", ConfigurationReference.sample),
    ("docs/configuration.md", ConfigurationReference.markdown),
  ]) func committedFiles(_ name: String, _ rendering: String) throws {
    let path = Self.root + "/" + name
    if getenv("REGENERATE") != nil { write(rendering, to: path) }
    let committed = String(decoding: try FileBytes.read(path, limit: 1 << 20), as: UTF8.self)
    #expect(committed == rendering, "\(name) is out of date: REGENERATE=1 swift test --filter ReferenceTests")
  }

  @Test func theSampleIsTheDefaults() throws {
    let sample = try ConfigurationLoader.load(file: Self.root + "/config/redis-amb.yaml", environment: [:], flags: [])
      .get()
    #expect(sample == AmbassadorConfiguration(primary: Endpoint(host: "redis-0.redis", port: 6379)))
  }

  @Test func theEffectiveConfigurationReadsBack() throws {
    var configuration = AmbassadorConfiguration(primary: Endpoint(host: "::1", port: 7))
    configuration.listen = [
      Listener(.unix(path: "/run/a b, [c]: \"d\\\".sock")), Listener(.tcp(Endpoint(host: "::", port: 0))),
      Listener(.unix(path: "/run/a b, [c]: {\"d\\}\".sock"), reads: .preferReplica, consistency: .readYourWrites),
      Listener(.tcp(Endpoint(host: "::", port: 1)), reads: .primary),
      Listener(.tcp(Endpoint(host: "localhost", port: 2)), consistency: .eventual), Listener(.unix(path: "/run/:")),
    ]
    configuration.reads = .init(policy: .replica, consistency: .eventual, maxLag: .milliseconds(100))
    configuration.topology.asStatic.replicas = [Endpoint(host: "2001:db8::7", port: 1)]
    configuration.upstream = .init(
      username: "null", passwordFile: "# {a}: 'b'", timeout: .milliseconds(1500), connectTimeout: .seconds(120),
      maxPinned: 7)
    configuration.limits = .init(clientOutput: 10_000_000, memory: 123_456_789)
    configuration.shutdown.drain = .zero
    let text = ConfigurationReference.effective(configuration)
    #expect(try load(yaml: text).get() == configuration)
    #expect(text.contains("{address: \"[::]:1\", reads: primary}, {address: localhost:2, consistency: eventual}"))
    #expect(text.contains("max-lag: 100ms"))
    #expect(text.contains("timeout: 1500ms") && text.contains("connect-timeout: 2m"))
    #expect(text.contains("client-output: 10MB") && text.contains("memory: 123456789") && text.contains("drain: 0s"))
  }

  @Test func everySettingIsInEveryReading() {
    for setting in Setting.all {
      #expect(ConfigurationReference.flags.contains("--" + setting.flagName))
      #expect(ConfigurationReference.markdown.contains("## \(setting.key)\n"))
      #expect(ConfigurationReference.markdown.contains("`\(setting.environmentName)`"))
      #expect(setting.help.hasSuffix(".") && !setting.help.contains("\n"))
    }
  }

  private func write(_ text: String, to path: String) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    #expect(Glibc.write(descriptor, bytes, bytes.count) == bytes.count, "\(path): \(String(cString: strerror(errno)))")
  }
}
