/// The commands that the ambassador answers itself, because they are about the client's session with it.
@frozen
public enum LocalCommand: UInt8, Sendable, CaseIterable {
  case ping
  case echo
  case hello
  case auth
  case select
  case reset
  case quit
  case clientID
  case clientInfo
  case clientList
  case clientKill
  case clientUnblock
  case clientGetName
  case clientSetName
  case clientSetInfo
  case clientReply
  case clientCapa
}
