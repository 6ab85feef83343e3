# ruby-redis: strings, hashes, pipelines, transactions with WATCH, blocking pops, subscriptions, scripts, threads.
require 'redis'

def same(got, expected)
  raise "got #{got.inspect}, expected #{expected.inspect}" unless got == expected
end

port = ARGV[0].to_i
redis = Redis.new(port: port, timeout: 20)
same redis.ping, 'PONG'
same redis.set('text', "a \0 value\r\n"), 'OK'
same redis.get('text'), "a \0 value\r\n"
same redis.get('none'), nil
redis.mapped_hmset('hash', 'a' => 1, 'b' => 2)
same redis.hgetall('hash'), { 'a' => '1', 'b' => '2' }
redis.zadd('zset', [[1.5, 'x'], [2.5, 'y']])
same redis.zrange('zset', 0, -1, with_scores: true), [['x', 1.5], ['y', 2.5]]
same(redis.pipelined { |p| 100.times { p.incr('counter') } }, (1..100).to_a)
same(redis.multi { |t| t.incr('counter'); t.get('counter') }, [101, '101'])
other = Redis.new(port: port, timeout: 20)
result = redis.watch('counter') do
  other.set('counter', 0)
  redis.multi { |t| t.incr('counter') }
end
same result, nil
same redis.get('counter'), '0'
threads = 5.times.map { |n| Thread.new { Redis.new(port: port, timeout: 20).blpop('queue', timeout: 20) } }
redis.rpush('queue', [1, 2, 3, 4, 5])
same threads.map { |t| t.value[1].to_i }.sort, [1, 2, 3, 4, 5]
heard = []
ready = Queue.new
listener = Thread.new do
  Redis.new(port: port, timeout: 20).subscribe('news') do |on|
    on.subscribe { ready << true }
    on.message { |_, text| heard << text }
  end
end
ready.pop
same redis.publish('news', 'one'), 1
redis.publish('news', 'two')
deadline = Time.now + 20
sleep 0.01 until heard.size == 2 || Time.now > deadline
same heard, %w[one two]
listener.kill
begin
  redis.incr('text')
  raise 'an error was expected'
rescue Redis::CommandError => error
  same error.message, 'ERR value is not an integer or out of range'
end
same redis.eval('return {KEYS[1], ARGV[1]}', keys: ['k'], argv: ['v']), %w[k v]
sha = redis.script(:load, 'return 7')
same redis.evalsha(sha), 7
300.times { |n| redis.set("scan:#{n}", n) }
same redis.scan_each(match: 'scan:*').to_a.uniq.size, 300
same redis.xadd('stream', { 'f' => 'v' }).class, String
redis.select(2)
same redis.dbsize, 0
redis.quit
puts 'fine'
