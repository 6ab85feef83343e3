import Glibc
import Reactor

/// Resolves host names on threads of their own, one a question, so that a slow name server never stops a loop.
///
/// Answers come to the loop that opened it.
public final class NameResolver {
  private struct Answer: Sendable {
    let id: Int
    let result: Result<[SocketAddress], ResolutionError>
  }

  private let answers = Mailbox<Answer>()
  private let lookUp: LookUp
  private var waiting: [Int: (Result<[SocketAddress], ResolutionError>) -> Void] = [:]
  private var nextID = 0

  /// Why a name has no address, in the resolver's words.
  public struct ResolutionError: Error, Equatable { public let why: String }

  /// Finds the addresses of a host, on a thread that may be blocked.
  typealias LookUp = @Sendable (_ host: String, _ port: UInt16) -> Result<[SocketAddress], ResolutionError>

  public convenience init(on loop: EventLoop) { self.init(on: loop, by: NameResolver.ask) }

  init(on loop: EventLoop, by lookUp: @escaping LookUp) {
    self.lookUp = lookUp
    answers.open(on: loop) { [unowned self] answer in
      guard let completion = self.waiting.removeValue(forKey: answer.id) else { return }
      completion(answer.result)
    }
  }

  deinit { answers.close() }

  /// Calls `completion` on the loop: at once for an IP literal, later for a name.
  public func resolve(
    _ host: String, port: UInt16, completion: @escaping (Result<[SocketAddress], ResolutionError>) -> Void
  ) {
    if let literal = SocketAddress(ip: host, port: port) { return completion(.success([literal])) }
    nextID += 1
    waiting[nextID] = completion
    let (id, answers, lookUp) = (nextID, answers, lookUp)
    let thread = spawnThread(named: "resolver") { answers.send(Answer(id: id, result: lookUp(host, port))) }
    if thread == nil {
      answers.send(Answer(id: id, result: .failure(ResolutionError(why: "no thread to resolve it on"))))
    }
    thread?.detach()
  }

  /// Blocks for as long as the system's resolver does.
  @Sendable private static func ask(_ host: String, _ port: UInt16) -> Result<[SocketAddress], ResolutionError> {
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(host, nil, &hints, &list)
    guard status == 0 else {
      return .failure(ResolutionError(why: String(cString: gai_strerror(status))))
    }
    defer { freeaddrinfo(list) }
    var addresses: [SocketAddress] = []
    var next = list
    while let entry = next {
      next = entry.pointee.ai_next
      var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
      guard
        getnameinfo(
          entry.pointee.ai_addr, entry.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0
      else { continue }
      let literal = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      if let address = SocketAddress(ip: literal, port: port), !addresses.contains(address) {
        addresses.append(address)
      }
    }
    return addresses.isEmpty ? .failure(ResolutionError(why: "it has no address")) : .success(addresses)
  }
}
