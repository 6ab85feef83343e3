import Glibc
import Testing

@testable import Reactor

@Suite("Messages to a loop")
struct MailboxTests {
  struct Message: Sendable, Equatable {
    var sender: Int
    var number: Int
  }

  @Test("All messages of several threads arrive, in each sender's order, on the loop's thread")
  func threads() throws {
    let (senders, each) = (4, 5000)
    try withLoop { loop in
      let mailbox = Mailbox<Message>()
      // Sent before it is open.
      for number in 0..<10 { mailbox.send(Message(sender: senders, number: number)) }
      var next = [Int](repeating: 0, count: senders + 1)
      var total = 0
      var disorder = 0
      let home = pthread_self()
      var isHome = true
      mailbox.open(on: loop) { message in
        if next[message.sender] != message.number { disorder += 1 }
        next[message.sender] += 1
        total += 1
        if pthread_equal(pthread_self(), home) == 0 { isHome = false }
        if total == senders * each + 10 { loop.stop() }
      }
      let threads = (0..<senders).compactMap { sender in
        spawnThread(named: "sender") {
          for number in 0..<each { mailbox.send(Message(sender: sender, number: number)) }
        }
      }
      #expect(threads.count == senders)
      #expect(loop.runUntilStopped())
      for thread in threads { thread.join() }
      mailbox.close()
      #expect(total == senders * each + 10)
      #expect(disorder == 0)
      #expect(next == [Int](repeating: each, count: senders) + [10])
      #expect(isHome)
    }
  }

  @Test("What was sent before it was open arrives although nobody sends any more")
  func sentBefore() throws {
    try withLoop { loop in
      let mailbox = Mailbox<Int>()
      for number in 0..<3 { mailbox.send(number) }
      var seen: [Int] = []
      mailbox.open(on: loop) { number in
        seen.append(number)
        if number == 2 { loop.stop() }
      }
      #expect(seen == [], "not before the loop runs")
      #expect(loop.runUntilStopped(atMost: 2))
      mailbox.close()
      #expect(seen == [0, 1, 2])
    }
  }

  @Test("What a handler sends to its own mailbox arrives in a later turn")
  func reentrant() throws {
    try withLoop { loop in
      let mailbox = Mailbox<Int>()
      var seen: [Int] = []
      mailbox.open(on: loop) { number in
        seen.append(number)
        if number < 5 { mailbox.send(number + 1) } else { loop.stop() }
      }
      mailbox.send(0)
      #expect(loop.runUntilStopped())
      mailbox.close()
      #expect(seen == [0, 1, 2, 3, 4, 5])
    }
  }

  @Test("After it was closed nothing arrives, also of what was sent together with the message that closed it")
  func closing() throws {
    try withLoop { loop in
      let mailbox = Mailbox<Int>()
      var seen: [Int] = []
      mailbox.open(on: loop) { number in
        seen.append(number)
        mailbox.close()
      }
      for number in 0..<3 { mailbox.send(number) }
      loop.runFor(0.02)
      mailbox.send(3)
      loop.runFor(0.02)
      mailbox.close()
      #expect(seen == [0])
    }
  }

  @Test("A mailbox whose loop is gone can be sent to")
  func afterTheLoop() throws {
    let mailbox = Mailbox<Int>()
    try withLoop { loop in
      mailbox.open(on: loop) { _ in }
      mailbox.close()
    }
    mailbox.send(1)
  }

  @Test("The last reference may go inside the handler")
  func released() throws {
    try withLoop { loop in
      let holder = Holder<Mailbox<Int>>()
      let mailbox = Mailbox<Int>()
      holder.held = consume mailbox
      holder.held?.open(on: loop) { number in
        holder.calls += 1
        holder.held?.close()
        holder.held = nil
      }
      holder.held?.send(1)
      holder.held?.send(2)
      loop.runFor(0.02)
      #expect(holder.calls == 1)
      #expect(holder.held == nil)
    }
  }
}
