/// Requests that Redis refuses, and the message it refuses them with. The differential test holds the same table
/// against a real server.
let malformedRequests: [(bytes: [UInt8], message: String)] =
  [
    "*\r\n", "*-\r\n", "*-0\r\n", "*00\r\n", "*01\r\n", "*+1\r\n", "* 1\r\n", "*1 \r\n", "*1a\r\n", "*\n1\r\n",
    "*1\n$1\n\r\n",
    "*2147483648\r\n", "*9223372036854775807\r\n", "*9223372036854775808\r\n", "*-9223372036854775809\r\n",
    "*18446744073709551617\r\n", "*99999999999999999999\r\n", "*100000000000000000000000000001\r\n", "**1\r\n",
  ].map { (latin($0), "Protocol error: invalid multibulk length") }
  + [
    "$\r\n", "$-1\r\n", "$-0\r\n", "$04\r\nPING\r\n", "$+4\r\n", "$ 4\r\n", "$4 \r\n", "$4x\r\n", "$abc\r\n",
    "$536870913\r\n",
    "$2147483648\r\n", "$9223372036854775807\r\n", "$9223372036854775808\r\n", "$18446744073709551620\r\n", "$-4\r\n",
    "$4\nPING\r\n", "$$\r\n",
  ].map { (latin("*1\r\n" + $0), "Protocol error: invalid bulk length") }
  + [
    (":4\r\n", ":"), ("\r\n", " "), ("\n\r\n", " "), ("\u{1}\r\n", "\u{1}"), ("PING\r\n", "P"), ("*1\r\n", "*"),
    ("'\r\n", "'"),
  ].map { (latin("*1\r\n" + $0), "Protocol error: expected '$', got '\($1)'") }
  + [
    (latin("*2\r\n$4\r\nECHO\r\n+hi\r\n"), "Protocol error: expected '$', got '+'"),
    (latin("*2\r\n$4\r\nECHO\r\n$-5\r\n"), "Protocol error: invalid bulk length"),
    (latin("*") + [UInt8](repeating: 0x31, count: 65536), "Protocol error: too big mbulk count string"),
    (latin("*\0") + [UInt8](repeating: 0x31, count: 65535), "Protocol error: too big mbulk count string"),
    (latin("*1\r\n$") + [UInt8](repeating: 0x31, count: 65536), "Protocol error: too big bulk count string"),
    (latin("*1\r\n") + [UInt8](repeating: 0x58, count: 65537), "Protocol error: too big bulk count string"),
    (latin("*1\r\n$4\0\r\n") + [UInt8](repeating: 0x58, count: 65532), "Protocol error: too big bulk count string"),
    ([UInt8](repeating: 0x41, count: 65537), "Protocol error: too big inline request"),
    (latin("\0\n") + [UInt8](repeating: 0x41, count: 65535), "Protocol error: too big inline request"),
  ]
