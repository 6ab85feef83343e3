/// Whether anything waits in the sockets of a server that does not read.
public func hasUnread(port: UInt16) -> Bool {
  let port = String(port, radix: 16, uppercase: true)
  let padded = ":" + String(repeating: "0", count: max(0, 4 - port.count)) + port
  return (text(ofFile: "/proc/net/tcp") ?? "").split(separator: "\n").dropFirst().contains { line in
    let fields = line.split(separator: " ")
    return fields.count > 4 && fields[1].hasSuffix(padded) && fields[3] == "01" && !fields[4].hasSuffix(":00000000")
  }
}
