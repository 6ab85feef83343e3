/// One redis-benchmark run's shape.
struct Load: Equatable {
  enum Operation: String, CaseIterable { case get, set }

  let id: String
  let title: String
  let operation: Operation
  let dataset: Dataset
  let clients: Int
  let pipeline: Int
  let requests: Int
}

extension Load {
  /// The loads in the order they run: by dataset, so that the servers are filled as rarely as can be.
  static func all(isQuick: Bool) -> [Load] {
    let shapes: [(id: String, dataset: Dataset, clients: Int, pipeline: Int, requests: Int)] = [
      ("p1", .small, 50, 1, 100_000),
      ("p16", .small, 50, 16, 400_000),
      ("p100", .small, 50, 100, 1_000_000),
      ("c1", .small, 1, 1, 20_000),
      ("1k", .kibibyte, 50, 1, 80_000),
      ("64k", .large, 50, 1, 16_000),
    ]
    return shapes.flatMap { shape in
      Operation.allCases.map { operation in
        Load(
          id: "\(shape.id)-\(operation.rawValue)",
          title: "\(operation.rawValue.uppercased()), \(size(shape.dataset.valueSize)), \(connections(shape.clients)), "
            + "pipeline \(shape.pipeline)",
          operation: operation, dataset: shape.dataset, clients: shape.clients, pipeline: shape.pipeline,
          requests: isQuick ? shape.requests / 10 : shape.requests)
      }
    }
  }

  /// The load beside which idle connections and system calls are looked at.
  static func plainGet(requests: Int) -> Load {
    Load(
      id: "plain", title: "GET, 32 B, 50 connections, pipeline 1", operation: .get, dataset: .small, clients: 50,
      pipeline: 1,
      requests: requests)
  }

  private static func size(_ bytes: Int) -> String { bytes < 1024 ? "\(bytes) B" : "\(bytes / 1024) KiB" }

  private static func connections(_ count: Int) -> String { count == 1 ? "1 connection" : "\(count) connections" }
}
