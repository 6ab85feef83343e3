import Admin
import Configuration
import Glibc
import Reactor

// The control socket: where it is, and what can be said to it. One row a command; to add one, write its row in a file of
// its own and name it here.
extension Ambassador {
  private var controlCommands: [ControlCommand] {
    [
      statusCommand, topologyCommand, clientsCommand, lanesCommand, slowLogCommand, explainCommand, configCommand,
      pauseCommand, resumeCommand, drainCommand, reloadCommand, infoCommand,
    ]
  }

  /// Opens the control socket, if there is to be one. That the default place cannot be had is no reason not to start.
  func openControlSocket() throws(StartFailure) {
    guard let path = configuration.admin.socket else { return }
    let server = ControlServer(on: loop, commands: controlCommands) { [logger] in
      logger.warning("the control socket can take nobody for the moment: \($0)")
    }
    do throws(SystemError) {
      try server.listen(at: path)
      control = server
    } catch {
      let why = error.code == EADDRINUSE ? "another process listens there" : "\(error)"
      let sentence = "no control socket at \(path): \(why); set admin.socket to another path, or to none"
      guard path == AmbassadorConfiguration.Admin.defaultSocket else { throw StartFailure(description: sentence) }
      logger.warning("\(sentence)")
    }
  }
}
