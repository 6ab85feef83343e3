import Admin
import Configuration

extension Ambassador {
  var configCommand: ControlCommand {
    ControlCommand(
      "CONFIG", "GET PATTERN...", count: 2...100, summary: "show settings as they are in force",
      details: [
        "PATTERN is a setting's name, where * stands for anything: CONFIG GET reads.* or CONFIG GET *.",
        "Passwords are in files, and are not shown; the paths of the files are. docs/configuration.md explains each.",
      ]
    ) { [unowned self] request in
      guard request.arguments[0].uppercased() == "GET" else {
        return request.answer(.failure("ERR only CONFIG GET PATTERN is there; to change a setting, change the file"))
      }
      let configuration = self.configuration
      let wanted = Setting.all.filter { setting in
        request.arguments.dropFirst().contains { Glob.matches($0, setting.key) }
      }
      request.answer(
        .document(.map(wanted.map { Document.Entry($0.key, .text($0.text(in: configuration))) })))
    }
  }
}
