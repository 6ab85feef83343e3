/// What the tests talk to.
public protocol ServiceUnderTest: Sendable {
  var place: Place { get }
  var port: UInt16 { get }
  /// What a person wants to read beside a failure.
  var report: String { get }
}

extension AmbassadorProcess: ServiceUnderTest {}

/// No ambassador at all: shows that a test asks for no more than what one redis-server does.
struct DirectService: ServiceUnderTest {
  let primary: RedisServer
  var place: Place { primary.place }
  var port: UInt16 { primary.port }
  var report: String { "directly to redis-server on \(port)" }
}

/// REDIS_AMB_TEST_TARGET=direct runs the tests that can be run so against a bare redis-server.
public enum TestTarget {
  public static let isDirect = environmentValue("REDIS_AMB_TEST_TARGET") == "direct"
}

extension ServiceUnderTest {
  public func connect(receiveBuffer: Int? = nil, patience: Duration = Deadline.patience) throws -> RESPClient {
    try RESPClient(host: place.host, port: port, receiveBuffer: receiveBuffer, patience: patience)
  }

  @discardableResult
  public func call(_ arguments: String...) throws -> RESPValue { try connect().call(arguments) }
}
