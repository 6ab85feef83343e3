/// What random requests are made of: one template a line.
///
/// A word with `/` is one of its parts; `$k` and its kin are drawn anew each time (see `RandomSession.draw`); a word in
/// brackets is there or not; one that ends in `+` comes one to four times. Times to live are long or over at once, and
/// nothing is left to chance or to the clock, so that two servers must agree.
enum Grammar {
  /// `$s` is a key that usually holds a string, and so on with `$h`, `$l`, `$t` (sets), `$z`, `$x` (streams), `$g` (geo),
  /// `$p` (HyperLogLog); `$k` is any key.
  static let data: [String] = lines(
    """
    SET $s $v
    SET $s $n
    SET $s $v NX/XX/GET/KEEPTTL [GET]
    SET $s $v EX/PX 1000000/0/-1/x [NX/XX]
    SETEX/PSETEX $s 1000000/0/-5 $v
    SETNX/GETSET/APPEND $s $v
    GET/STRLEN/GETDEL $s
    GETEX $s [PERSIST]
    GETEX $s EX/PX/EXAT/PXAT 10000000000/0/x
    GETRANGE/SUBSTR $s $i $i
    SETRANGE $s 0/3/10/-1/536870912 $v
    MGET $k+
    MSET $s $v $s $v
    MSETNX $s $v $s
    INCR/DECR $s
    INCRBY/DECRBY $s $n
    INCRBYFLOAT $s $f
    LCS $s $s [LEN/IDX] [WITHMATCHLEN] [LEN]
    SETBIT $s 0/7/100/-1/4294967296 0/1/2
    GETBIT $s 0/7/100/x
    BITCOUNT $s [0] [-1] [BIT/BYTE]
    BITPOS $s 0/1/2 [0] [-1] [BIT/BYTE]
    BITOP AND/OR/XOR/NOT/NAND $s $s [$s]
    BITFIELD $s GET u8/i5/u64 0/#1 SET u4 4 9/99 [OVERFLOW] WRAP/SAT/FAIL INCRBY i5 100 1
    BITFIELD_RO $s GET u8/i16 0/#2 [SET]
    PFADD $p $m+
    PFCOUNT $p [$p]
    PFMERGE $p $p
    LPUSH/RPUSH/LPUSHX/RPUSHX $l $v+
    LPOP/RPOP $l [$i]
    LLEN $l
    LRANGE $l $i $i
    LINDEX $l $i
    LSET $l $i $v
    LINSERT $l BEFORE/AFTER/BESIDE $m $v
    LREM $l $i $m
    LTRIM $l 0/1/-10 5/-1/20
    LPOS $l $m [RANK] 1/-1/0 [COUNT] 0/2 [MAXLEN] 3
    LMOVE $l $l LEFT/RIGHT LEFT/RIGHT/UP
    RPOPLPUSH $l $l
    LMPOP 1/2/0 $l [$l] LEFT/RIGHT [COUNT] 2/0
    BLPOP/BRPOP $l [$l] 0.001/-1/x
    BLMOVE $l $l LEFT/RIGHT LEFT/RIGHT 0.001
    BRPOPLPUSH $l $l 0.001
    BLMPOP 0.001 1 $l LEFT/RIGHT
    HSET/HMSET $h $m $v [$m] $v
    HSETNX $h $m $v
    HGET/HEXISTS/HSTRLEN/HDEL $h $m
    HMGET/HDEL $h $m+
    HGETALL/HKEYS/HVALS/HLEN $h
    HINCRBY $h $m $n
    HINCRBYFLOAT $h $m $f
    HRANDFIELD $h [$i] [WITHVALUES]
    HSCAN/SSCAN/ZSCAN $k 0/x [COUNT] 1000 [MATCH] $q
    SADD/SREM $t $m+
    SADD $t $n+
    SMEMBERS/SCARD $t
    SISMEMBER $t $m
    SMISMEMBER $t $m+
    SMOVE $t $t $m
    SINTER/SUNION/SDIFF $t+
    SINTERSTORE/SUNIONSTORE/SDIFFSTORE $t $t+
    SINTERCARD 1/2/0/x $t [$t] [LIMIT] 1/-1
    SRANDMEMBER $t [$i]
    SPOP $t 100000
    ZADD $z $f $m [$f] $m
    ZADD $z NX/XX/GT/LT/CH/INCR [CH/INCR/XX] $f $m
    ZREM $z $m+
    ZSCORE/ZRANK/ZREVRANK $z $m
    ZMSCORE $z $m+
    ZCARD $z
    ZINCRBY $z $f $m
    ZCOUNT $z $b $b
    ZLEXCOUNT $z $y $y
    ZRANGE $z $i $i [REV] [WITHSCORES]
    ZRANGE $z $b $b BYSCORE [REV] [LIMIT] 0/1 2/-1
    ZRANGE $z $y $y BYLEX [REV] [LIMIT] 0 2
    ZRANGESTORE $z $z $i $i
    ZRANGEBYSCORE/ZREVRANGEBYSCORE $z $b $b [WITHSCORES] [LIMIT] 0 2
    ZRANGEBYLEX/ZREVRANGEBYLEX $z $y $y
    ZREVRANGE $z $i $i [WITHSCORES]
    ZREMRANGEBYRANK $z 0/8/x 1/9
    ZREMRANGEBYSCORE $z $b $b
    ZREMRANGEBYLEX $z $y $y
    ZPOPMIN/ZPOPMAX $z [$i]
    ZMPOP 1/2 $z [$z] MIN/MAX [COUNT] 2
    BZPOPMIN/BZPOPMAX $z 0.001
    BZMPOP 0.001 1 $z MIN/MAX
    ZUNION/ZINTER/ZDIFF 1/2/9 $z [$z] [WITHSCORES] [WEIGHTS] 2 3
    ZUNIONSTORE/ZINTERSTORE/ZDIFFSTORE $z 2/1 $z $z [AGGREGATE] MIN/MAX/SUM/AVG
    ZINTERCARD 2 $z $k [LIMIT] 1
    ZRANDMEMBER $z [$i] [WITHSCORES]
    GEOADD $g 13.361389/2.5/200 38.115556/48.9 $m 15.087269 37.502669 $m
    GEODIST $g $m $m [km/mi/m/parsec]
    GEOHASH/GEOPOS $g $m+
    GEOSEARCH $g FROMMEMBER/FROMNEAREST $m BYRADIUS 500/-1 km ASC/DESC [WITHDIST] [WITHCOORD] [COUNT] 2
    GEOSEARCH $g FROMLONLAT 15 37 BYBOX 400 400 km ASC [WITHHASH]
    GEOSEARCHSTORE $g $g FROMLONLAT 15 37 BYRADIUS 500 km [STOREDIST]
    GEORADIUS/GEORADIUS_RO $g 15 37 200 km [WITHDIST] [ASC] [STORE] $g
    GEORADIUSBYMEMBER/GEORADIUSBYMEMBER_RO $g $m 200 km [ASC]
    XADD $x [NOMKSTREAM] [MAXLEN] [=/~] 5 $d $m $v
    XADD $x $d $m $v [$m] $v
    XLEN $x
    XRANGE $x -/$d/($d +/$d [COUNT] 2/-1
    XREVRANGE $x + - [COUNT] 1
    XREAD [COUNT] 2 STREAMS $x $d/$
    XREAD BLOCK 1 STREAMS $x $d/$
    XDEL $x $d+
    XTRIM $x MAXLEN/MINID 3/0/x [LIMIT] 5
    XSETID $x $d
    XGROUP CREATE $x grp/grp2 $d/$ [MKSTREAM] [ENTRIESREAD] 2
    XGROUP DESTROY/CREATECONSUMER/DELCONSUMER $x grp/grp2 [me]
    XGROUP SETID $x grp $d
    XREADGROUP GROUP grp/grp2 me/you [COUNT] 1 [NOACK] STREAMS $x >/0
    XREADGROUP GROUP grp me BLOCK 1 STREAMS $x >
    XACK $x grp/grp2 $d+
    XPENDING $x grp/grp2 [-] + 10 [me]
    XCLAIM $x grp me/you 0 $d [JUSTID/FORCE]
    XAUTOCLAIM $x grp me 0 0-0/$d [COUNT] 2 [JUSTID]
    XINFO STREAM/GROUPS/CONSUMERS $x [grp/FULL]
    """)

  static let keyspace: [String] = lines(
    """
    DEL/UNLINK/EXISTS/TOUCH $k+
    TYPE/DUMP/PERSIST $k
    TTL/PTTL/EXPIRETIME/PEXPIRETIME $k
    EXPIRE/PEXPIRE $k 1000000/0/-1/x [NX/XX/GT/LT]
    EXPIREAT/PEXPIREAT $k 99999999999/1/0 [NX/XX/GT/LT/YY]
    RENAME/RENAMENX $k $k
    COPY $k $k [DB] 0/1/99 [REPLACE]
    MOVE $k 0/1/99
    SELECT 0/0/0/1/99/x
    SWAPDB 0/1 1/99/x
    KEYS $q
    DBSIZE
    RANDOMKEY
    SCAN 0/x [MATCH] $q [COUNT] 1000/0 [TYPE] hash
    SORT/SORT_RO $k [ALPHA] [DESC] [LIMIT] 0 3 [GET] #
    SORT $k BY nosort [STORE] $k
    OBJECT ENCODING/REFCOUNT/IDLETIME/FREQ/NOTHING $k
    OBJECT HELP
    RESTORE $k 0/-1 $r [REPLACE]
    FLUSHDB/FLUSHALL [ASYNC/SYNC/WHEN]
    MEMORY USAGE $k [SAMPLES] 0
    """)

  static let session: [String] = lines(
    """
    MULTI
    MULTI
    EXEC
    EXEC
    EXEC
    DISCARD [now]
    WATCH $k+
    UNWATCH
    PING [$v]
    ECHO $v
    HELLO
    HELLO 2/3
    HELLO 2/3/4/x [SETNAME] me/a\\sb [AUTH] a
    AUTH wrong [wronger]
    AUTH secret/default/nobody [secret]
    AUTH default secret
    HELLO 2/3 AUTH default secret
    RESET
    CLIENT SETNAME me/a\\sb/
    CLIENT GETNAME/GETREDIR/TRACKINGINFO/UNPAUSE/NOTHING/HELP
    CLIENT SETINFO lib-name x
    CLIENT NO-EVICT ON/OFF/PERHAPS
    CLIENT NO-TOUCH ON
    CLIENT KILL/LIST/UNBLOCK/CACHING/TRACKING wrong
    CLIENT KILL ID/TYPE/USER/ADDR/LADDR 0/nosuch/-1/99999999 [ID/SKIPME/MAXAGE] 99999999/maybe
    CLIENT LIST ID/TYPE 0/nosuch/99999999/master [x]
    CLIENT UNBLOCK 0/99999999/x [TIMEOUT/ERROR/x] [x]
    CLIENT
    SUBSCRIBE/UNSUBSCRIBE $c+
    PSUBSCRIBE/PUNSUBSCRIBE n*/m?
    SSUBSCRIBE/SUNSUBSCRIBE $c
    UNSUBSCRIBE/PUNSUBSCRIBE/SUNSUBSCRIBE
    PUBLISH/SPUBLISH $c $v
    PUBSUB CHANNELS/SHARDCHANNELS [n*]
    PUBSUB NUMSUB/SHARDNUMSUB $c+
    PUBSUB NUMPAT
    WAIT 0/x 0/-1
    ASKING/READONLY/READWRITE
    """)

  static let server: [String] = lines(
    """
    EVAL $e 0/1/2 $k+
    EVAL_RO $e 1/-1/x $k
    EVALSHA/EVALSHA_RO $j 1/0 $k
    SCRIPT LOAD $e
    SCRIPT EXISTS $j+
    SCRIPT FLUSH [SYNC/WHEN]
    SCRIPT KILL/NOTHING
    FUNCTION LOAD [REPLACE] $u
    FUNCTION DELETE one/none
    FUNCTION LIST [WITHCODE]
    FUNCTION FLUSH/KILL/NOTHING
    FCALL/FCALL_RO get_it/set_it/fail/none 1/0/x $k
    COMMAND COUNT/NOTHING
    COMMAND INFO/DOCS/GETKEYS/GETKEYSANDFLAGS get/nosuch/set $k [v]
    COMMAND LIST FILTERBY PATTERN/ACLCAT/WRONG hget*/nosuch
    CONFIG GET maxmemory/nosuch [hz]
    CONFIG SET nosuch 1
    CONFIG NOTHING
    INFO [server/nosuch]
    TIME/LASTSAVE/ROLE
    LATENCY LATEST/RESET/HISTORY/HELP [x]
    SLOWLOG LEN/HELP/NOTHING
    ACL WHOAMI/CAT/USERS/NOTHING [nosuch]
    ACL DRYRUN default/nobody get/nosuch $k
    CLUSTER INFO
    CLUSTER KEYSLOT $k
    MODULE LIST
    DEBUG SLEEP/JMAP 0
    LOLWUT VERSION 5/x 1 1 1
    SHUTDOWN WRONG
    REPLICAOF 127.0.0.1
    FAILOVER ABORT
    """)

  /// Each is a script that asks for at most one key.
  static let scripts = [
    "return 1", "return KEYS[1]", "return ARGV", "return {1,2.9,{'a',false,'b'},nil,5}",
    "return redis.call('TYPE',KEYS[1])",
    "return redis.call('SET',KEYS[1],'by script')", "return redis.pcall('INCR',KEYS[1])",
    "return redis.call('INCR',KEYS[1])", "return redis.error_reply('MY own words')",
    "return redis.status_reply('FINE')",
    "redis.setresp(3) return redis.call('HGETALL',KEYS[1])", "redis.setresp(3) return {double=3.5}",
    "return {map={a=1}}", "return cjson.encode({1,2,'x'})", "return 12345678901234567", "return redis.sha1hex('x')",
    "error('no')", "return nosuch", "syntax error here", "return redis.call('NOSUCH')", "return redis.call('GET')",
    "#!lua flags=no-writes\nreturn redis.call('SET',KEYS[1],1)", "#!lua flags=nosuch\nreturn 1", "return true",
    "return false", "return {ok='o k'}", "return {err='ERR of mine'}", "return redis.call('MULTI')",
    "return {false,true,{}}", "return string.rep('x',100000)",
  ]

  static let functions = [
    "#!lua name=one\nredis.register_function('set_it', function(k,a) return redis.call('SET',k[1],'f') end)\nredis.register_function{function_name='get_it', callback=function(k,a) return redis.call('TYPE',k[1]) end, flags={'no-writes'}}",
    "#!lua name=one\nredis.register_function('fail', function(k,a) return redis.call('NOSUCH') end)",
    "#!lua name=two\nredis.register_function('fail', function(k,a) error('so') end)", "#!lua\nreturn 1", "no header",
    "#!lua name=three\nsyntax error",
  ]

  private static func lines(_ text: String) -> [String] { text.split(separator: "\n").map(String.init) }
}
