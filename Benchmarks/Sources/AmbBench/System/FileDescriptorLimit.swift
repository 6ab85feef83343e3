import Glibc

/// 9,000 idle clients need as many descriptors here, and twice as many in a proxy that opens one upstream for each;
/// children inherit what is raised here.
enum FileDescriptorLimit {
  static func raise() -> Int {
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    getrlimit(resource, &limit)
    var wanted = rlimit(rlim_cur: 65536, rlim_max: max(65536, limit.rlim_max))
    if setrlimit(resource, &wanted) != 0 {  // not privileged: as far as the hard limit goes
      wanted = rlimit(rlim_cur: min(limit.rlim_max, 65536), rlim_max: limit.rlim_max)
      setrlimit(resource, &wanted)
    }
    getrlimit(resource, &limit)
    return Int(limit.rlim_cur)
  }
}
