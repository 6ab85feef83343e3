extension Options {
  static let usage = """
    usage: amb-bench [VERB] [OPTIONS]

    verbs
      loads            redis-benchmark through every target, start time, memory, one-client latency, idle clients (default)
      slow-readers     100 clients pull 16 MiB at 1 MB/s each, beside small GETs
      frozen-replica   one of two replicas stops for 2 s under steady GETs
      big-neighbour    small GETs beside one client that pulls 1 MiB values in a loop
      neighbours       the same beside that, a slow script, KEYS, 100 MB values and slow readers, one after the other
      fences           what read-your-writes costs redis-amb, and what it leaves to the replicas
      all              all of these, with system calls

    options
      --amb PATH         redis-amb's binary (default ../.build/release/redis-amb)
      --haproxy PATH     haproxy's binary (default: from PATH and /usr/sbin)
      --twemproxy PATH   nutcracker's binary (default: from PATH and /usr/sbin)
      --targets LIST     of direct,haproxy,twemproxy,forwarder,redis-amb (default: all but forwarder, which passes
                         bytes on and reads none: what any hop costs)
      --threads LIST     threads of haproxy and redis-amb for the loads (default 1,2); scenarios use the first
      --rounds N         interleaved rounds, medians over them (default 3)
      --parts LIST       only these parts of `loads`: p1, p16, p100, c1, 1k, 64k (each also with -get or -set),
                         footprint, latency, idle; of `fences`: share, delayed, cost, fresh; or of `neighbours`:
                         big-values, script, keys, pull-100mb, store-100mb, slow-reader
      --client-threads N among how many threads `neighbours` deals its 20 clients with small GETs (default 1)
      --syscalls         also count system calls a request, with strace
      --seconds N        how long slow readers are slow (default 20)
      --quick            a short smoke run: a tenth of the requests, one round, one thread, fewer idle clients
      --markdown         Markdown tables
      --strict           exit with 1 if a bar is missed
      --help             this text
    """

  /// nil when help was asked for.
  static func parse(_ arguments: [String]) throws -> Options? {
    var options = Options()
    var rest = arguments[...]
    if let first = rest.first, !first.hasPrefix("-") {
      guard let verb = Verb(rawValue: first) else {
        throw BenchError("unknown verb '\(first)'; one of \(Verb.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      options.verb = verb
      rest = rest.dropFirst()
    }
    var hasRounds = false
    var hasThreads = false
    while let flag = rest.popFirst() {
      func value() throws -> String {
        guard let value = rest.popFirst() else { throw BenchError("\(flag) needs a value") }
        return value
      }
      switch flag {
      case "--amb": options.amb = try value()
      case "--haproxy": options.haproxy = try value()
      case "--twemproxy": options.twemproxy = try value()
      case "--targets": options.targets = try targets(value())
      case "--threads":
        options.threads = try value().split(separator: ",").map { try number(String($0), of: flag) }
        hasThreads = true
      case "--rounds":
        options.rounds = try number(value(), of: flag)
        hasRounds = true
      case "--parts": options.parts = try value().split(separator: ",").map(String.init)
      case "--client-threads": options.clientThreads = try number(value(), of: flag)
      case "--syscalls": options.countsSystemCalls = true
      case "--seconds": options.seconds = Double(try number(value(), of: flag))
      case "--quick": options.isQuick = true
      case "--markdown": options.isMarkdown = true
      case "--strict": options.isStrict = true
      case "--help", "-h": return nil
      default: throw BenchError("unknown option '\(flag)'; see amb-bench --help")
      }
    }
    if options.isQuick {
      if !hasRounds { options.rounds = 1 }
      if !hasThreads { options.threads = [1] }
    }
    return options
  }

  private static func targets(_ list: String) throws -> [TargetKind] {
    let named = try list.split(separator: ",").map { name in
      guard let kind = TargetKind(rawValue: String(name)) else {
        throw BenchError("unknown target '\(name)'; of \(TargetKind.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      return kind
    }
    return TargetKind.allCases.filter(named.contains)
  }

  private static func number(_ text: String, of flag: String) throws -> Int {
    guard let number = Int(text), number > 0 else {
      throw BenchError("\(flag) needs a whole number above 0, not '\(text)'")
    }
    return number
  }
}
