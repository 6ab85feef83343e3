import Ambassador

enum Version {
  static let text = "redis-amb \(Release.version)"
}
