import TestSupport
import Testing

/// Programs and libraries that people use, with their default settings.
struct ClientProgramTests {
  @Test(.needs(Tool.find("redis-cli"), "redis-cli (apt: redis-tools)"), arguments: ["-2", "-3"])
  func `redis-cli works`(version: String) throws {
    let tool = try #require(Tool.find("redis-cli"))
    try withLab { lab in
      let cli = { (arguments: String...) in
        try Tool.run([tool, "-p", "\(lab.service.port)", version] + arguments)
      }
      try expectEqual(try cli("PING"), "PONG\n")
      try expectEqual(try cli("SET", "key", "a value"), "OK\n")
      try lab.redis.settle()
      try expectEqual(try cli("GET", "key"), "a value\n")
      try check(try cli("INFO", "server").contains("redis_version:"), "INFO")
      try expectEqual(try cli("--raw", "-r", "3", "INCR", "counter"), "1\n2\n3\n")
      try expectEqual(try cli("--scan", "--pattern", "k*"), "key\n")
      let script = "PING\nSET a 1\nGET nothing\nQUIT\n"
      let typed = try Tool.run([tool, "-p", "\(lab.service.port)", version], input: script)
      try check(typed.contains("PONG") && typed.contains("OK"), "typed: \(typed)")
    }
  }

  @Test(.needs(Tool.find("redis-cli"), "redis-cli (apt: redis-tools)"))
  func `redis-cli --pipe loads many commands`() throws {
    let tool = try #require(Tool.find("redis-cli"))
    try withLab { lab in
      let input = (0..<20_000).map { "SET key:\($0) \($0)\r\n" }.joined()
      let output = try Tool.run([tool, "-p", "\(lab.service.port)", "--pipe"], input: input)
      try check(output.contains("errors: 0, replies: 20000"), output)
      try expectEqual(try lab.primary.call("DBSIZE"), .integer(20_000))
    }
  }

  @Test(.needs(Tool.find("redis-benchmark"), "redis-benchmark (apt: redis-tools)"), arguments: [1, 16])
  func `redis-benchmark runs to its end`(pipeline: Int) throws {
    let tool = try #require(Tool.find("redis-benchmark"))
    try withLab { lab in
      let output = try Tool.run([
        tool, "-p", "\(lab.service.port)", "-n", "5000", "-c", "20", "-r", "1000", "-P", "\(pipeline)", "--csv",
        "-t", "ping,set,get,incr,lpush,rpush,lpop,sadd,hset,spop,zadd,zpopmin,lrange_100,mset",
      ])
      try check(!output.lowercased().contains("err"), output)
      for test in ["SET", "GET", "INCR", "LRANGE_100 (first 100 elements)", "MSET (10 keys)"] {
        try check(output.contains("\"\(test)\""), "\(test) is missing in \(output)")
      }
    }
  }

  @Test(.needs(Tool.python, "redis-py (make test puts it in .build/test-venv)"), arguments: ["", ", protocol=3"])
  func `redis-py works`(options: String) throws {
    let tool = try #require(Tool.python)
    try withLab { lab in
      let output = try Tool.run(
        [tool, "-c", Self.pythonScript.replacing("OPTIONS", with: options), "\(lab.service.port)"],
        environment: ["PYTHONUNBUFFERED": "1"])
      try check(output.hasSuffix("fine\n"), output)
    }
  }

  @Test(.needs(Tool.node, "node-redis (apt: nodejs node-redis)"))
  func `node-redis works`() throws {
    let tool = try #require(Tool.node)
    try withLab { lab in
      let output = try Tool.run(
        [tool, "-e", Self.nodeScript, "\(lab.service.port)"], environment: Tool.nodeEnvironment)
      try check(output.hasSuffix("fine\n"), output)
    }
  }

  // The scripts wait for what they have written to be readable: how soon replicas know is another test's matter.

  private static let pythonScript = """
    import redis, sys, threading, time
    def eventually(read, expected):
        end = time.monotonic() + 20
        while (got := read()) != expected:
            assert time.monotonic() < end, (got, expected)
            time.sleep(0.01)
    client = redis.Redis(port=int(sys.argv[1])OPTIONS)
    assert client.ping()
    assert client.set('text', 'value')
    eventually(lambda: client.get('text'), b'value')
    assert client.get('none') is None
    client.hset('hash', mapping={'a': 1, 'b': 2})
    eventually(lambda: client.hgetall('hash'), {b'a': b'1', b'b': b'2'})
    client.zadd('zset', {'x': 1.5})
    eventually(lambda: client.zscore('zset', 'x'), 1.5)
    with client.pipeline(transaction=False) as pipe:
        for i in range(1000):
            pipe.set(f'key:{i}', i).incr('counter')
        assert pipe.execute()[-1] == 1000
    eventually(lambda: client.mget('key:1', 'none', 'key:999'), [b'1', None, b'999'])
    assert client.info('server')['redis_version']
    assert sum(1 for _ in client.scan_iter('key:*')) == 1000
    try:
        client.incr('text')
        assert False
    except redis.ResponseError as error:
        assert 'not an integer' in str(error)
    client.set('watched', 1)
    def increment(pipe):
        value = int(pipe.get('watched'))
        pipe.multi()
        pipe.set('watched', value + 1)
    threads = [threading.Thread(target=lambda: [client.transaction(increment, 'watched') for _ in range(10)]) for _ in range(4)]
    [t.start() for t in threads]; [t.join() for t in threads]
    with client.pipeline() as pipe:
        assert pipe.get('watched').incr('watched').execute() == [b'41', 42]
    order = []
    def hold(n):
        with client.lock('a-lock', timeout=20, blocking_timeout=20):
            order.append(n); time.sleep(0.001); order.append(n)
    threads = [threading.Thread(target=hold, args=(n,)) for n in range(5)]
    [t.start() for t in threads]; [t.join() for t in threads]
    assert len(order) == 10 and all(order[i] == order[i + 1] for i in range(0, 10, 2)), order
    got = []
    popper = threading.Thread(target=lambda: got.append(client.blpop('queue', timeout=20)))
    popper.start()
    client.rpush('queue', 'job'); popper.join()
    assert list(got[0]) == [b'queue', b'job'], got
    heard = []
    pubsub = client.pubsub()
    pubsub.subscribe(**{'news': lambda m: heard.append(m['data'])})
    pubsub.psubscribe(**{'n?ws': lambda m: None})
    listener = pubsub.run_in_thread(sleep_time=0.01)
    eventually(lambda: (client.pubsub_numsub('news'), client.pubsub_numpat()), ([(b'news', 1)], 1))
    client.publish('news', 'flash')
    eventually(lambda: heard, [b'flash'])
    listener.stop(); listener.join()
    failures = []
    def work(n):
        try:
            for i in range(200):
                assert client.echo(f'{n}:{i}') == f'{n}:{i}'.encode()
        except BaseException as error:
            failures.append(error)
    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    [t.start() for t in threads]; [t.join() for t in threads]
    assert not failures, failures
    client.close()
    print('fine')
    """

  private static let nodeScript = """
    const assert = require('assert');
    const { createClient } = require('redis');
    (async () => {
      const client = createClient({ socket: { port: Number(process.argv[1]), reconnectStrategy: false } });
      await client.connect();
      const eventually = async (read, expected) => {
        const end = Date.now() + 20000;
        for (;;) {
          const got = await read();
          try { return assert.deepEqual(got, expected); } catch (error) { if (Date.now() > end) throw error; }
          await new Promise((done) => setTimeout(done, 10));
        }
      };
      assert.equal(await client.ping(), 'PONG');
      assert.equal(await client.set('text', 'value'), 'OK');
      await eventually(() => client.get('text'), 'value');
      assert.equal(await client.get('none'), null);
      await client.hSet('hash', { a: '1', b: '2' });
      await eventually(async () => ({ ...(await client.hGetAll('hash')) }), { a: '1', b: '2' });
      const numbers = await Promise.all(Array.from({ length: 1000 }, () => client.incr('counter')));
      assert.deepEqual(numbers, Array.from({ length: 1000 }, (_, i) => i + 1));
      await assert.rejects(client.incr('text'), /not an integer/);
      await client.clientSetName('lab');
      assert.equal(await client.clientGetName(), 'lab');
      await client.quit();
      console.log('fine');
    })().catch((error) => { console.error(error); process.exit(1); });
    """
}

extension Trait where Self == ConditionTrait {
  /// Skips without the tool, with its name; in CI the test runs and fails instead.
  static func needs(_ tool: @autoclosure @escaping @Sendable () -> String?, _ name: String) -> Self {
    .enabled(if: Tool.isCI || tool() != nil, "\(name) is not installed")
  }
}

extension String {
  fileprivate func replacing(_ word: String, with text: String) -> String {
    var parts = self[...]
    var result = ""
    while let range = parts.firstRange(of: word) {
      result += parts[..<range.lowerBound] + text
      parts = parts[range.upperBound...]
    }
    return result + parts
  }
}
