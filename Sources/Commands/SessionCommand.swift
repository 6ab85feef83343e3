/// The commands that change what a server holds for the connection they come on. The raw values are the table's names.
@frozen
public enum SessionCommand: String, Sendable, CaseIterable {
  case multi, exec, discard, watch, unwatch
  case subscribe, psubscribe, ssubscribe, unsubscribe, punsubscribe, sunsubscribe
  case wait, waitaof
  case monitor
  /// It ends every connection, if all goes well.
  case shutdown
  case tracking = "client|tracking"
  case getRedir = "client|getredir"
  case trackingInfo = "client|trackinginfo"
  case noEvict = "client|no-evict"
  case noTouch = "client|no-touch"
  case importSource = "client|import-source"
  case pause = "client|pause"
  case unpause = "client|unpause"
}
