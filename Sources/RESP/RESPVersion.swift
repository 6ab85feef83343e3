/// The protocol version a client has chosen with HELLO; connections start with `two`.
public enum RESPVersion: UInt8, Sendable {
  case two = 2
  case three = 3
}
