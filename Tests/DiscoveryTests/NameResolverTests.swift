import Glibc
import Reactor
import Testing

@testable import Discovery

@Suite("Names to addresses")
struct NameResolverTests {
  typealias Answer = Result<[SocketAddress], NameResolver.ResolutionError>

  /// Runs `body` on a loop that is given up after `seconds`.
  private func onLoop(atMost seconds: Double = 30, _ body: (EventLoop) throws -> Void) throws {
    let loop = try #require(EventLoop())
    defer { loop.destroy() }
    let guardian = TimerSource(on: loop, after: seconds) {
      Issue.record("no answer within \(seconds) s")
      loop.stop()
    }
    try withExtendedLifetime(guardian) { try body(loop) }
  }

  private func answer(to host: String) throws -> (answer: Answer?, isHome: Bool) {
    var result: Answer?
    var isHome = false
    try onLoop { loop in
      let home = pthread_self()
      let resolver = NameResolver(on: loop)
      resolver.resolve(host, port: 6379) { answer in
        result = answer
        isHome = pthread_equal(pthread_self(), home) != 0
        loop.stop()
      }
      #expect(result == nil, "a name is answered later")
      withExtendedLifetime(resolver) { loop.run() }
    }
    return (result, isHome)
  }

  @Test("A literal is answered at once", arguments: ["127.0.0.1", "::1", "203.0.113.7", "fe80::1%lo"])
  func literal(host: String) throws {
    try onLoop { loop in
      let resolver = NameResolver(on: loop)
      var result: Answer?
      resolver.resolve(host, port: 1234) { result = $0 }
      let expected = try #require(SocketAddress(ip: host, port: 1234))
      #expect(try result?.get() == [expected])
    }
  }

  @Test("localhost is this machine, answered on the loop")
  func localhost() throws {
    let (result, isHome) = try answer(to: "localhost")
    let addresses = try #require(try result?.get())
    #expect(!addresses.isEmpty)
    #expect(addresses.allSatisfy { $0.port == 6379 && ($0.host == "::1" || $0.host.hasPrefix("127.")) })
    #expect(Set(addresses).count == addresses.count)
    #expect(isHome)
  }

  /// Without asking a name server: RFC 6761 lets resolvers answer `.invalid` themselves, and the others cannot be names.
  @Test(
    "A name that cannot exist is an error in words",
    arguments: ["no-such-host.invalid", String(repeating: "x", count: 300), "", "a b"])
  func nobody(host: String) throws {
    let (result, isHome) = try answer(to: host)
    guard case .failure(let error) = try #require(result) else {
      Issue.record("\(host) has an address: \(String(describing: result))")
      return
    }
    #expect(!error.why.isEmpty)
    #expect(isHome)
  }

  @Test("Many questions at once get one answer each")
  func many() throws {
    try onLoop { loop in
      let resolver = NameResolver(on: loop)
      var answers = [Int](repeating: 0, count: 30)
      for index in answers.indices {
        resolver.resolve("localhost", port: UInt16(index)) { result in
          answers[index] += 1
          #expect((try? result.get())?.allSatisfy { $0.port == UInt16(index) } == true)
          if answers.allSatisfy({ $0 > 0 }) { loop.stop() }
        }
      }
      withExtendedLifetime(resolver) { loop.run() }
      #expect(answers == [Int](repeating: 1, count: 30))
    }
  }

  @Test("Without a resolver nobody is called, and the answer harms nobody")
  func released() throws {
    try onLoop { loop in
      var calls = 0
      var resolver: NameResolver? = NameResolver(on: loop)
      for _ in 0..<20 { resolver?.resolve("localhost", port: 1) { _ in calls += 1 } }
      resolver = nil
      let end = TimerSource(on: loop, after: 0.3) { loop.stop() }
      withExtendedLifetime(end) { loop.run() }
      #expect(calls == 0)
    }
  }

  @Test("The resolver may go in the answer it gives")
  func releasedByAnswer() throws {
    try onLoop { loop in
      final class Holder { var resolver: NameResolver? }
      let holder = Holder()
      holder.resolver = NameResolver(on: loop)
      var calls = 0
      for _ in 0..<5 {
        holder.resolver?.resolve("localhost", port: 1) { _ in
          calls += 1
          holder.resolver = nil
        }
      }
      let end = TimerSource(on: loop, after: 0.3) { loop.stop() }
      withExtendedLifetime(end) { loop.run() }
      #expect(calls == 1)
    }
  }
}
