@testable import Configuration

/// A configuration as YAML, without a file behind it.
func load(
  yaml: String? = nil, environment: [String: String] = [:], flags: [(name: String, value: String)] = []
) -> Result<AmbassadorConfiguration, ConfigurationErrors> {
  load(bytes: yaml.map { Array($0.utf8) }, environment: environment, flags: flags)
}

func load(
  bytes: [UInt8]?, environment: [String: String] = [:], flags: [(name: String, value: String)] = []
) -> Result<AmbassadorConfiguration, ConfigurationErrors> {
  ConfigurationLoader.combine([
    bytes.map { ConfigurationLoader.gather(yaml: $0, path: "amb.yaml") } ?? Gathered(),
    ConfigurationLoader.gather(environment: environment),
    ConfigurationLoader.gather(flags: flags),
  ])
}

/// The errors as a person sees them, a line each; empty when it loads.
func errors(
  yaml: String? = nil, environment: [String: String] = [:], flags: [(name: String, value: String)] = []
) -> String {
  load(yaml: yaml, environment: environment, flags: flags).errorText
}

extension Result where Failure == ConfigurationErrors {
  var errorText: String {
    switch self {
    case .success: ""
    case .failure(let errors): errors.description
    }
  }
}

/// The smallest file that loads.
let minimal = "topology: {static: {primary: redis-0}}\n"
