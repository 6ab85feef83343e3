"""redis-py: strings, hashes, pipelines, optimistic locking, locks, queues, subscriptions in a thread, eight threads."""
import redis, sys, threading, time
def eventually(read, expected):
    end = time.monotonic() + 20
    while (got := read()) != expected:
        assert time.monotonic() < end, (got, expected)
        time.sleep(0.01)
client = redis.Redis(port=int(sys.argv[1]), protocol=int(sys.argv[2]))
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
