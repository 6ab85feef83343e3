import Glibc
import Reactor

/// Resolves host names on threads of their own, one a question, so that a slow name server never stops a loop.
///
/// Answers come to the loop that opened it.
public final class NameResolver {
  private struct Question: Sendable {
    let id: Int
    let host: String
    let port: UInt16
  }

  private struct Answer: Sendable {
    let id: Int
    let addresses: [SocketAddress]
    let failure: String
  }

  private let answers = Mailbox<Answer>()
  private var waiting: [Int: (Result<[SocketAddress], ResolutionError>) -> Void] = [:]
  private var nextID = 0

  /// Why a name has no address, in the resolver's words.
  public struct ResolutionError: Error, Equatable { public let why: String }

  public init(on loop: EventLoop) {
    answers.open(on: loop) { [unowned self] answer in
      guard let completion = self.waiting.removeValue(forKey: answer.id) else { return }
      completion(answer.addresses.isEmpty ? .failure(ResolutionError(why: answer.failure)) : .success(answer.addresses))
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
    let question = Question(id: nextID, host: host, port: port)
    let answers = answers
    let thread = spawnThread(named: "resolver") { answers.send(NameResolver.ask(question)) }
    if thread == nil { answers.send(Answer(id: question.id, addresses: [], failure: "no thread to resolve it on")) }
    thread?.detach()
  }

  /// Blocks for as long as the system's resolver does.
  private static func ask(_ question: Question) -> Answer {
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(question.host, nil, &hints, &list)
    guard status == 0 else {
      return Answer(id: question.id, addresses: [], failure: String(cString: gai_strerror(status)))
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
      let host = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      if let address = SocketAddress(ip: host, port: question.port), !addresses.contains(address) {
        addresses.append(address)
      }
    }
    return Answer(id: question.id, addresses: addresses, failure: "it has no address")
  }
}
