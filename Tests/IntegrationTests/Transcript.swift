/// One session whose replies are the same on every fresh redis-server: no clock, no chance, no hash order.
enum Transcript {
  static let commands: [[String]] = lines.map { $0.split(separator: " ").map(String.init) }

  /// What needs the server's view of the session.
  static let sessions = [
    ["EXEC"], ["DISCARD"], ["UNWATCH"], ["AUTH", "wrong"], ["AUTH", "nobody", "wrong"],
    ["HELLO", "3", "AUTH", "nobody", "wrong"],
  ]

  private static let lines = [
    "PING", "PING hello", "ECHO hello", "SET s value", "GET s", "get s", "GET none", "SETNX s x", "SET s v NX",
    "SET s v2 GET", "SET s v EX 0", "SET s v WRONG", "GETSET s v3", "APPEND s more", "STRLEN s", "GETRANGE s 0 -2",
    "SETRANGE s 3 XYZ", "SUBSTR s 0 2", "MSET a 1 b 2 c", "MSET a 1 b 2", "MGET a none b", "MSETNX a 1 z 1", "INCR a",
    "INCRBY a 10", "DECR a", "INCRBYFLOAT a 1.5", "INCR a", "INCR s", "EXISTS a b none a", "TYPE a", "TYPE none",
    "TOUCH a b", "RENAME b bb", "RENAME none x", "COPY bb b", "DEL bb none", "UNLINK b", "EXPIRE s 1000", "PERSIST s",
    "TTL s", "TTL none", "PEXPIRETIME s", "GETDEL s", "SETBIT bits 7 1", "GETBIT bits 7", "BITCOUNT bits",
    "BITPOS bits 1",
    "BITFIELD bits GET u8 0 SET u8 0 255", "BITFIELD_RO bits GET u8 0", "BITOP NOT inverse bits",
    "RPUSH l a b c", "LPUSH l z", "LRANGE l 0 -1", "LINDEX l 1", "LINDEX l 9", "LPOS l b", "LPOS l none",
    "LINSERT l BEFORE b x", "LSET l 0 y", "LSET l 99 y", "LREM l 0 x", "LTRIM l 0 2", "LLEN l", "RPOP l", "LPOP l 2",
    "LPOP none", "LPOP none 2", "LMPOP 1 none LEFT", "RPOPLPUSH none x", "RPUSH n 3 1 2", "SORT n", "SORT_RO n DESC",
    "HSET h f v g w", "HGET h f", "HGET h none", "HMGET h f none", "HGETALL h", "HGETALL none", "HKEYS h", "HVALS h",
    "HLEN h", "HSTRLEN h f", "HEXISTS h f", "HINCRBY h n 5", "HINCRBYFLOAT h n 0.5", "HSETNX h f x", "HDEL h n none",
    "SADD si 3 1 2", "SMEMBERS si", "SISMEMBER si 2", "SMISMEMBER si 1 9", "SCARD si", "SADD sj 2 3 4", "SINTER si sj",
    "SUNION si sj", "SDIFF si sj", "SINTERCARD 2 si sj", "SINTERSTORE sk si sj", "SMOVE si sj 1", "SREM si 9",
    "SMEMBERS none", "SPOP none", "SRANDMEMBER none", "SRANDMEMBER none 2",
    "ZADD z 1 a 2.5 b 3 c", "ZADD z XX CH 4 a", "ZADD z INCR 1 b", "ZADD z NX INCR 1 b", "ZRANGE z 0 -1",
    "ZRANGE z 0 -1 WITHSCORES", "ZRANGEBYSCORE z -inf +inf WITHSCORES LIMIT 0 2", "ZREVRANGE z 0 -1", "ZSCORE z b",
    "ZSCORE z none", "ZMSCORE z a none", "ZRANK z b", "ZRANK z none", "ZCARD z", "ZCOUNT z 2 (4", "ZINCRBY z 1.25 a",
    "ZPOPMIN z", "ZPOPMAX z 2", "ZPOPMIN none", "ZADD y 1 a 1 b", "ZRANGEBYLEX y [a [b", "ZLEXCOUNT y - +",
    "ZUNION 2 y none WITHSCORES", "ZINTERCARD 1 y", "ZRANDMEMBER none", "ZADD y nan x", "ZADD y inf x", "ZSCORE y x",
    "GEOADD g 13.361389 38.115556 P 15.087269 37.502669 C", "GEODIST g P C km", "GEOHASH g P none", "GEOPOS g P none",
    "GEOSEARCH g FROMMEMBER P BYRADIUS 200 km ASC WITHDIST",
    "PFADD p a b c", "PFCOUNT p", "PFMERGE q p",
    "XADD x 1-1 f v", "XADD x 1-1 f v", "XADD x 2-1 f v g w", "XLEN x", "XRANGE x - +", "XREVRANGE x + - COUNT 1",
    "XREAD COUNT 1 STREAMS x 0", "XREAD STREAMS x 9", "XGROUP CREATE x grp 0", "XGROUP CREATE x grp 0",
    "XREADGROUP GROUP grp me STREAMS x >", "XACK x grp 1-1", "XINFO STREAM none", "XDEL x 1-1", "XTRIM x MAXLEN 0",
    "GET h", "HGET z f", "LPUSH h x", "INCR l n", "GET", "GET a b", "SET a", "MGET", "EXPIRE a notanumber",
    "INCRBY a 99999999999999999999", "SETRANGE a -1 x", "OBJECT ENCODING si", "OBJECT REFCOUNT none", "OBJECT WRONG a",
    "OBJECT HELP", "EVAL return_1 0", "EVAL return 0", "SCAN wrong", "SCAN 0 MATCH nothing* COUNT 1000",
    "HSCAN h 0", "ZSCAN y 0", "SSCAN sj 0", "NOSUCH", "NOSUCH a b", "CLIENT NOSUCH", "CONFIG GET nosuch",
    "CONFIG GET maxmemory-policy", "CONFIG SET nosuch 1", "COMMAND COUNT", "COMMAND INFO get nosuch",
    "COMMAND GETKEYS MGET a b", "COMMAND DOCS nosuch", "PUBLISH c m", "PUBSUB NUMSUB c", "PUBSUB CHANNELS", "DBSIZE",
    "SCRIPT EXISTS ffff", "EVALSHA ffffffffffffffffffffffffffffffffffffffff 0", "FUNCTION LIST",
    "SELECT 0", "SELECT 99", "SELECT x", "SWAPDB 0 0", "LATENCY RESET", "MEMORY USAGE none",
    "LOLWUT VERSION 5 1 1 1", "READONLY", "CLUSTER INFO", "ASKING", "ACL WHOAMI",
    "ACL CAT nosuch", "MODULE LIST", "DUMP none", "RESTORE a 0 junk", "FLUSHALL WRONG", "FLUSHDB", "DBSIZE",
    "KEYS *", "RANDOMKEY", "EVAL_RO return_1 0",
  ]
}
