# Perl's Redis: strings, lists, hashes, pipelines by callback, transactions, errors, subscriptions, blocking pops.
use strict;
use warnings;
use Redis;

sub same {
  my ($got, $expected) = @_;
  $_ = defined $_ ? (ref $_ ? join('|', map { $_ // 'undef' } @$_) : $_) : 'undef' for $got, $expected;
  die "got $got, expected $expected" unless $got eq $expected;
}

my $server = "127.0.0.1:$ARGV[0]";
my $redis = Redis->new(server => $server, read_timeout => 20);
same($redis->ping, 'PONG');
same($redis->set(text => "a \0 value\r\n"), 'OK');
same($redis->get('text'), "a \0 value\r\n");
same($redis->get('none'), undef);
$redis->hmset('hash', a => 1, b => 2);
same([$redis->hmget('hash', 'a', 'none', 'b')], [1, undef, 2]);
my @replies;
$redis->incr('counter', sub { push @replies, $_[0] }) for 1 .. 100;
$redis->wait_all_responses;
same([@replies], [1 .. 100]);
$redis->watch('counter');
$redis->multi;
$redis->incr('counter');
$redis->get('counter');
same([$redis->exec], [101, 101]);
my $other = Redis->new(server => $server, read_timeout => 20);
$redis->watch('counter');
$other->set(counter => 0);
$redis->multi;
$redis->incr('counter');
my @result = grep { defined } $redis->exec;
same([@result], []);
eval { $redis->incr('text') };
same($@ =~ /not an integer/ ? 1 : 0, 1);
$redis->rpush('queue', 'job');
same([$redis->blpop('queue', 10)], ['queue', 'job']);
my @heard;
my $listener = Redis->new(server => $server);
$listener->subscribe('news', sub { push @heard, $_[0] });
same($redis->publish('news', 'flash'), 1);
my $end = time + 20;
$listener->wait_for_messages(1) until @heard or time > $end;
same([@heard], ['flash']);
same($redis->eval('return redis.call("GET", KEYS[1])', 1, 'counter'), 0);
$redis->select(2);
same($redis->dbsize, 0);
$redis->quit;
print "fine\n";
