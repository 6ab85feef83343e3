import CYAML

/// Pulls libyaml's events and builds the tree.
struct YAMLReader: ~Copyable {
  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private let bytes: UnsafeBufferPointer<UInt8>
  private let path: String
  /// The keys on the way to where the reader is, for the errors.
  private var keys: [String] = []
  private var depth = 0
  private(set) var duplicates: [ConfigurationError] = []

  /// The bytes must outlive the reader: libyaml reads them where they are.
  init(_ bytes: UnsafeBufferPointer<UInt8>, path: String) {
    self.bytes = bytes
    self.path = path
    parser = .allocate(capacity: 1)
    // It fails only when there is no memory, and the process ends then as it would in any allocation of Swift's.
    precondition(yaml_parser_initialize(parser) == 1, "out of memory")
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
  }

  /// The one document, nil when the stream holds nothing but comments.
  mutating func document() throws(ConfigurationError) -> RawValue? {
    var root: RawValue?
    while true {
      switch try next() {
      case .streamStart, .documentEnd: continue
      case .documentStart(let source):
        guard root == nil else {
          throw ConfigurationError(source, .malformed("a second document: a configuration is only one"))
        }
        root = try value(next())
      case .streamEnd: return root
      case .scalar(_, let source), .listStart(let source), .mapStart(let source), .listEnd(let source),
        .mapEnd(let source):
        throw ConfigurationError(source, .malformed("not YAML"))
      }
    }
  }

  private mutating func value(_ event: Event) throws(ConfigurationError) -> RawValue {
    switch event {
    case .scalar(let text, let source):
      return RawValue(content: text.map { .text($0) } ?? .nothing, source: source)
    case .listStart(let source):
      return RawValue(
        content: .list(try deeper(from: source) { reader throws(ConfigurationError) in try reader.list() }),
        source: source)
    case .mapStart(let source):
      return RawValue(
        content: .map(try deeper(from: source) { reader throws(ConfigurationError) in try reader.map() }),
        source: source)
    case .streamStart(let source), .streamEnd(let source), .documentStart(let source), .documentEnd(let source),
      .listEnd(let source), .mapEnd(let source):
      throw ConfigurationError(source, .malformed("not YAML"))
    }
  }

  private mutating func list() throws(ConfigurationError) -> [RawValue] {
    var items: [RawValue] = []
    while true {
      let event = try next()
      if case .listEnd = event { return items }
      items.append(try value(event))
    }
  }

  private mutating func map() throws(ConfigurationError) -> [RawValue.Entry] {
    var entries: [RawValue.Entry] = []
    var firsts: [String: ConfigurationSource] = [:]
    while true {
      let event = try next()
      if case .mapEnd = event { return entries }
      let (key, source) = try key(event)
      keys.append(key)
      defer { keys.removeLast() }
      let value = try value(next())
      if let first = firsts.updateValue(source, forKey: key) {
        duplicates.append(ConfigurationError(source, key: keys.joined(separator: "."), .duplicate(first: first)))
      } else {
        entries.append(RawValue.Entry(key: key, source: source, value: value))
      }
    }
  }

  private func key(_ event: Event) throws(ConfigurationError) -> (String, ConfigurationSource) {
    switch event {
    case .scalar(let text?, let source) where !text.isEmpty: return (text, source)
    case .scalar(_, let source), .listStart(let source), .mapStart(let source), .streamStart(let source),
      .streamEnd(let source), .documentStart(let source), .documentEnd(let source), .listEnd(let source),
      .mapEnd(let source):
      throw ConfigurationError(source, .malformed("a key must be a word"))
    }
  }

  private mutating func deeper<T>(
    from source: ConfigurationSource, _ body: (inout YAMLReader) throws(ConfigurationError) -> T
  ) throws(ConfigurationError) -> T {
    guard depth < YAML.maximumDepth else {
      throw ConfigurationError(source, .malformed("nested deeper than \(YAML.maximumDepth) levels"))
    }
    depth += 1
    defer { depth -= 1 }
    return try body(&self)
  }
}

extension YAMLReader {
  /// libyaml's events, copied out; a text is nil when it is one of YAML's words for nothing.
  private enum Event {
    case streamStart(ConfigurationSource)
    case streamEnd(ConfigurationSource)
    case documentStart(ConfigurationSource)
    case documentEnd(ConfigurationSource)
    case listStart(ConfigurationSource)
    case listEnd(ConfigurationSource)
    case mapStart(ConfigurationSource)
    case mapEnd(ConfigurationSource)
    case scalar(String?, ConfigurationSource)
  }

  private func next() throws(ConfigurationError) -> Event {
    var event = yaml_event_t()
    guard yaml_parser_parse(parser, &event) == 1 else { throw failure() }
    defer { yaml_event_delete(&event) }
    let source = place(event.start_mark)
    switch event.type {
    case YAML_STREAM_START_EVENT: return .streamStart(source)
    case YAML_STREAM_END_EVENT: return .streamEnd(source)
    case YAML_DOCUMENT_START_EVENT: return .documentStart(source)
    case YAML_DOCUMENT_END_EVENT: return .documentEnd(source)
    case YAML_SEQUENCE_END_EVENT: return .listEnd(source)
    case YAML_MAPPING_END_EVENT: return .mapEnd(source)
    case YAML_ALIAS_EVENT:
      throw ConfigurationError(source, .malformed("aliases (*name) are not supported: write the value out"))
    case YAML_SEQUENCE_START_EVENT:
      let node = event.data.sequence_start
      try refuse(anchor: node.anchor, tag: node.tag, at: source)
      return .listStart(source)
    case YAML_MAPPING_START_EVENT:
      let node = event.data.mapping_start
      try refuse(anchor: node.anchor, tag: node.tag, at: source)
      return .mapStart(source)
    case YAML_SCALAR_EVENT:
      let node = event.data.scalar
      try refuse(anchor: node.anchor, tag: node.tag, at: source)
      let text = String(decoding: UnsafeBufferPointer(start: node.value, count: node.length), as: UTF8.self)
      let isNothing = node.style == YAML_PLAIN_SCALAR_STYLE && (text.isEmpty || YAML.nulls.contains(text))
      return .scalar(isNothing ? nil : text, source)
    default: throw ConfigurationError(source, .malformed("not YAML"))
    }
  }

  private func refuse(
    anchor: UnsafeMutablePointer<UInt8>?, tag: UnsafeMutablePointer<UInt8>?, at source: ConfigurationSource
  ) throws(ConfigurationError) {
    if anchor != nil {
      throw ConfigurationError(source, .malformed("anchors (&name) are not supported: write the value out each time"))
    }
    if tag != nil {
      throw ConfigurationError(source, .malformed("tags (!name) are not supported: a setting knows its type"))
    }
  }

  /// libyaml's own words, with its place, made plainer where a person would stumble.
  private func failure() -> ConfigurationError {
    let problem = parser.pointee.problem.map { String(cString: $0) } ?? "out of memory"
    if parser.pointee.error == YAML_READER_ERROR {
      // The text is valid UTF-8 without control characters by now; what is left is unassigned to YAML, such as U+FFFE.
      let offset = min(parser.pointee.problem_offset, bytes.count)
      return ConfigurationError(YAML.place(Array(bytes[..<offset])[...], path: path), .malformed(problem))
    }
    let mark = parser.pointee.problem_mark
    if bytes.indices.contains(mark.index), isTab(at: mark) {
      return ConfigurationError(place(mark), .malformed("a tab: YAML is indented with spaces"))
    }
    let context = parser.pointee.context.map { String(cString: $0) + ", " } ?? ""
    return ConfigurationError(place(mark), .malformed("not YAML: \(context)\(problem)"))
  }

  /// Marks count characters and not bytes.
  private func isTab(at mark: yaml_mark_t) -> Bool {
    String(decoding: bytes, as: UTF8.self).unicodeScalars.dropFirst(mark.index).first == "\t"
  }

  private func place(_ mark: yaml_mark_t) -> ConfigurationSource {
    .file(path, line: mark.line + 1, column: mark.column + 1)
  }
}
