import RESP
import Testing

@Suite struct ReplyErrorTests {
  @Test(
    arguments: [
      ("READONLY You can't write against a read only replica.", .readOnly),
      ("LOADING Redis is loading the dataset in memory", .loading),
      ("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", .masterDown),
      ("NOREPLICAS Not enough good replicas to write.", .noReplicas),
      (
        "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
        .misconfigured
      ),
      ("MISCONF Errors writing to the AOF file: No space left on device", .misconfigured),
      ("OOM command not allowed when used memory > 'maxmemory'.", .outOfMemory),
      ("BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.", .busy),
      ("BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.", .busy),
      ("BUSY Redis is busy running a module command.", .busy),
      ("NOAUTH Authentication required.", .notAuthenticated),
      ("WRONGPASS invalid username-password pair or user is disabled.", .wrongPassword),
      ("NOPERM this user has no permissions to run the 'get' command", .notPermitted),
      ("NOSCRIPT No matching script. Please use EVAL.", .noScript),
      ("EXECABORT Transaction discarded because of previous errors.", .transactionAborted),
      (
        "EXECABORT Transaction discarded because of: READONLY You can't write against a read only replica.",
        .transactionAborted
      ),
      ("UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)", .unblocked),
      ("ERR max number of clients reached", .tooManyClients),
      // A script that has started passed it on.
      ("READONLY You can't write against a read only replica. script: 0123abcd, on @user_script:1.", .other),
      ("OOM command not allowed when used memory > 'maxmemory'. script: 0123abcd, on @user_script:1.", .other),
      ("NOPERM this user has no permissions to run the 'get' command script: 0123abcd, on @user_script:1.", .other),
      ("MISCONF Errors writing to the AOF file: x script: f, on @user_function:1.", .other),
      ("READONLY", .other), ("READONLY you", .other), ("ERR no such key", .other), ("", .other), ("MISCONF", .other),
      ("BUSYGROUP Consumer Group name already exists", .other), ("BUSYKEY Target key name already exists.", .other),
    ] as [(String, ReplyError)])
  func kinds(_ text: String, _ kind: ReplyError) {
    let line = latin("-\(text)\r\n")
    #expect(line.withUnsafeBytes { ReplyError(reply: $0) } == kind)
    let bulk = latin("!\(text.count)\r\n\(text)\r\n")
    #expect(bulk.withUnsafeBytes { ReplyError(reply: $0) } == kind)
    for end in 0..<line.count {
      #expect(line[..<end].withUnsafeBytes { ReplyError(reply: $0) } == .other)
    }
  }

  @Test(arguments: [
    "+READONLY You can't write against a read only replica.\r\n", "\r\n", "-\r\n", "!\r\n", "!0\r\n", "!5\r\n\r\n",
  ])
  func notAnError(_ text: String) {
    #expect(latin(text).withUnsafeBytes { ReplyError(reply: $0) } == .other)
  }

  @Test(
    arguments: [
      ("-READONLY You can't write against a read only replica. script: 0123abcd, on @user_script:1.\r\n", true),
      ("-READONLY You can't write against a read only replica.\r\n", false),
      ("-ERR READONLY You can't write against a read only replica. script: 0123abcd\r\n", false),
      ("-OOM command not allowed when used memory > 'maxmemory'. script: 0123abcd, on @user_script:1.\r\n", false),
      ("", false),
    ])
  func readOnlyInScript(_ text: String, _ isOne: Bool) {
    #expect(latin(text).withUnsafeBytes { ReplyError.isReadOnlyInScript($0) } == isOne)
  }
}
