import Glibc

extension SettingType where Value == Endpoint {
  static func endpoint(defaultPort: UInt16) -> SettingType {
    .scalar("host:port, with an IPv6 address in brackets (port \(defaultPort) if left out)") { text throws(Misfit) in
      try HostPort.parse(text, defaultPort: defaultPort, ports: 1...65535)
    } text: {
      $0.description
    }
  }
}

extension SettingType where Value == ListenAddress {
  static func listenAddress(defaultPort: UInt16) -> SettingType {
    .scalar("host:port (port \(defaultPort) if left out) or unix:/path") { text throws(Misfit) in
      if text.hasPrefix("unix:") { return .unix(path: try HostPort.socketPath(text.dropFirst(5))) }
      if text.hasPrefix("/") { throw Misfit(hint: Spelling.didYouMean("unix:" + text)) }
      if text.hasPrefix("*") || (text.hasPrefix(":") && !text.hasPrefix("::")) {
        throw Misfit(hint: "write 0.0.0.0 or [::] to listen on every interface")
      }
      if decimal(text) != nil { throw Misfit(hint: Spelling.didYouMean("127.0.0.1:" + text)) }
      let endpoint = try HostPort.parse(text, defaultPort: defaultPort, ports: 0...65535)
      guard HostPort.isOfThisMachine(endpoint.host) else {
        throw Misfit(hint: "give an IP address of this machine, not a name")
      }
      return .tcp(endpoint)
    } text: {
      $0.description
    }
  }
}

extension SettingType where Value == String {
  /// Where a Unix socket is to be made.
  static var socketPath: SettingType {
    .scalar("the path of a socket, of at most \(HostPort.longestSocketPath) bytes") { text throws(Misfit) in
      guard text.utf8.count <= HostPort.longestSocketPath else { throw .plain }
      return try wholePath(text)
    } text: {
      $0
    }
  }
}

/// The syntax of addresses.
enum HostPort {
  static func parse(_ text: String, defaultPort: UInt16, ports: ClosedRange<Int>) throws(Misfit) -> Endpoint {
    if text.contains("://") { throw Misfit(hint: "leave out the scheme") }
    if text.contains("@") { throw Misfit(hint: "credentials are not part of an address") }
    let (host, port) = try split(text)
    guard let port else { return Endpoint(host: host, port: defaultPort) }
    guard let number = decimal(port), ports.contains(number) else {
      throw Misfit(hint: "a port is a number from \(ports.lowerBound) to \(ports.upperBound)")
    }
    return Endpoint(host: host, port: UInt16(number))
  }

  /// In bytes: the kernel's `sun_path` holds 108, the closing NUL among them.
  static let longestSocketPath = 107

  static func socketPath(_ path: Substring) throws(Misfit) -> String {
    guard path.hasPrefix("/") else { throw Misfit(hint: "the path of a socket starts with /") }
    guard path.utf8.count <= longestSocketPath else {
      throw Misfit(hint: "the path of a socket has at most \(longestSocketPath) bytes")
    }
    return String(path)
  }

  /// Whether it can be listened on without asking a resolver.
  static func isOfThisMachine(_ host: String) -> Bool { host == "localhost" || isIPv4(host) || isIPv6(host) }

  private static func split(_ text: String) throws(Misfit) -> (host: String, port: Substring?) {
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { throw Misfit(hint: "the bracket is not closed") }
      let host = String(text[text.index(after: text.startIndex)..<end])
      guard isIPv6(host) else { throw Misfit(hint: "there is no IPv6 address in the brackets") }
      let rest = text[text.index(after: end)...]
      if rest.isEmpty { return (host, nil) }
      guard rest.hasPrefix(":") else { throw .plain }
      return (host, rest.dropFirst())
    }
    if isIPv6(text) { throw Misfit(hint: "an IPv6 address goes in brackets: [\(text)]") }
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard isName(parts[0]) else { throw .plain }
    return (String(parts[0]), parts.count == 2 ? parts[1] : nil)
  }

  /// With or without a zone: `fe80::1%eth0`.
  private static func isIPv6(_ text: String) -> Bool {
    let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
    guard let address = parts.first, parts.count == 1 || !parts[1].isEmpty else { return false }
    var bytes = in6_addr()
    return inet_pton(AF_INET6, String(address), &bytes) == 1
  }

  /// A DNS name, underscores allowed as resolvers do, or an IPv4 address. A name whose last label is a number is an
  /// attempt at an address, and `10.0.0.256` must not reach a resolver.
  private static func isName(_ text: Substring) -> Bool {
    let name = text.hasSuffix(".") ? text.dropLast() : text
    let labels = name.split(separator: ".", omittingEmptySubsequences: false)
    let wellFormed =
      text.utf8.count <= 253
      && labels.allSatisfy { label in
        (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
          && label.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
              UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
              true
            default: false
            }
          }
      }
    guard wellFormed, let last = labels.last else { return false }
    return decimal(last) == nil || isIPv4(String(text))
  }

  private static func isIPv4(_ text: String) -> Bool {
    var bytes = in_addr()
    return inet_pton(AF_INET, text, &bytes) == 1
  }
}
