<?php
// php-redis: strings, hashes, sorted sets, pipelines, transactions with WATCH, scripts, blocking pops, SCAN, databases,
// a session of PHP kept in Redis.
function same($got, $expected) {
  if ($got !== $expected) {
    throw new Exception('got ' . var_export($got, true) . ', expected ' . var_export($expected, true));
  }
}
$port = (int)$argv[1];
$redis = new Redis();
$redis->connect('127.0.0.1', $port, 20);
same($redis->ping(), true);
same($redis->set('text', "a \0 value\r\n"), true);
same($redis->get('text'), "a \0 value\r\n");
same($redis->get('none'), false);
same($redis->set('lock', 'me', ['nx', 'ex' => 100]), true);
same($redis->set('lock', 'you', ['nx', 'ex' => 100]), false);
$redis->hMSet('hash', ['a' => '1', 'b' => '2']);
same($redis->hGetAll('hash'), ['a' => '1', 'b' => '2']);
$redis->zAdd('zset', 1.5, 'x', 2.5, 'y');
same($redis->zRange('zset', 0, -1, true), ['x' => 1.5, 'y' => 2.5]);
same($redis->multi(Redis::PIPELINE)->set('p', 1)->incr('p')->get('p')->exec(), [true, 2, '2']);
$redis->watch('p');
same($redis->multi()->incr('p')->get('none')->exec(), [3, false]);
$other = new Redis();
$other->pconnect('127.0.0.1', $port, 20, 'persistent');
$redis->watch('p');
$other->set('p', 10);
same($redis->multi()->incr('p')->exec(), false);
same($redis->eval('return {KEYS[1], ARGV[1], 7}', ['key', 'argument'], 1), ['key', 'argument', 7]);
same($redis->evalSha(str_repeat('f', 40)), false);
same(str_starts_with($redis->getLastError(), 'NOSCRIPT'), true);
$redis->rPush('list', 'a', 'b');
same($redis->blPop(['empty', 'list'], 10), ['list', 'a']);
same($redis->incr('text'), false);
same(str_contains($redis->getLastError(), 'not an integer'), true);
for ($n = 0; $n < 300; $n++) { $redis->set("scan:$n", $n); }
$redis->setOption(Redis::OPT_SCAN, Redis::SCAN_RETRY);
$found = 0;
$cursor = null;
while ($keys = $redis->scan($cursor, 'scan:*', 50)) { $found += count(array_unique($keys)); }
same($found >= 300, true);
$redis->select(3);
same($redis->exists('text'), 0);
$redis->setOption(Redis::OPT_SERIALIZER, Redis::SERIALIZER_PHP);
$redis->set('object', ['deep' => [1, 2.5, null]]);
same($redis->get('object'), ['deep' => [1, 2.5, null]]);
$redis->close();
ini_set('session.save_handler', 'redis');
ini_set('session.save_path', "tcp://127.0.0.1:$port?timeout=20");
ini_set('redis.session.locking_enabled', '1');
ini_set('session.use_cookies', '0');
session_id('visitor');
session_start();
$_SESSION['seen'] = 41;
session_write_close();
session_id('visitor');
session_start();
same(++$_SESSION['seen'], 42);
session_write_close();
echo "fine\n";
