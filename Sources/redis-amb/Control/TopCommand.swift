import Admin
import ArgumentParser
import Glibc

struct TopCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "top", abstract: "Watch a running ambassador: nodes, rates, latencies, holds, reasons of routing.",
    discussion: "q or Ctrl-C quits. Without a terminal it prints one picture and ends.")

  @OptionGroup var options: ControlOptions

  @Option(help: "Seconds between pictures, from 0.2 to 60.")
  var interval = 1.0

  func validate() throws {
    guard interval >= 0.2, interval <= 60 else { throw ValidationError("--interval is from 0.2 to 60 seconds") }
  }

  func run() throws {
    try options.withClient { client throws(ControlClient.Failure) in
      _ = try client.call("HELLO", "3")
      guard let screen = Screen() else {
        let picture = TopView.render(try client.call("STATUS", "MAP"), width: 120, height: 1000)
        Terminal.output.write(picture.dropLast().joined(separator: "\n") + "\n")
        return
      }
      // Also when the ambassador goes: the terminal is as it was before the error is printed.
      defer { screen.restore() }
      var status = try client.call("STATUS", "MAP")
      while true {
        let size = screen.size
        screen.show(TopView.render(status, width: size.columns, height: size.rows))
        switch screen.wait(seconds: interval) {
        case .quit: return
        case .resized: continue
        case .elapsed: status = try client.call("STATUS", "MAP")
        }
      }
    }
  }
}
