/// `INFO replication` as redis-server 7.0.15 gave it, taken from throw-away processes on loopback.
enum InfoTexts {
  /// A primary that never had a replica.
  static let primaryAlone = """
    # Replication
    role:master
    connected_slaves:0
    master_failover_state:no-failover
    master_replid:e287140cce58dc8984a921ba1c2ece7632ff2135
    master_replid2:0000000000000000000000000000000000000000
    master_repl_offset:0
    second_repl_offset:-1
    repl_backlog_active:0
    repl_backlog_size:1048576
    repl_backlog_first_byte_offset:0
    repl_backlog_histlen:0
    """

  /// A primary and two replicas in step.
  static let primaryWithReplicas = """
    # Replication
    role:master
    connected_slaves:2
    slave0:ip=127.0.0.1,port=27412,state=online,offset=50,lag=0
    slave1:ip=127.0.0.1,port=27413,state=online,offset=50,lag=0
    master_failover_state:no-failover
    master_replid:caa518163b9c40f2cab901377efbdb6eda461faf
    master_replid2:0000000000000000000000000000000000000000
    master_repl_offset:50
    second_repl_offset:-1
    repl_backlog_active:1
    repl_backlog_size:1048576
    repl_backlog_first_byte_offset:1
    repl_backlog_histlen:50
    """

  /// A primary whose second replica waits for its copy.
  static let primaryWithSyncingReplica = """
    # Replication
    role:master
    connected_slaves:2
    slave0:ip=127.0.0.1,port=27412,state=online,offset=0,lag=1
    slave1:ip=127.0.0.1,port=27414,state=wait_bgsave,offset=0,lag=0
    master_failover_state:no-failover
    master_replid:dec6c230d643e742013222144a941b23f9488175
    master_replid2:0000000000000000000000000000000000000000
    master_repl_offset:0
    second_repl_offset:-1
    repl_backlog_active:1
    repl_backlog_size:1048576
    repl_backlog_first_byte_offset:1
    repl_backlog_histlen:0
    """

  /// A replica in step.
  static let replicaLinked = """
    # Replication
    role:slave
    master_host:127.0.0.1
    master_port:27411
    master_link_status:up
    master_last_io_seconds_ago:1
    master_sync_in_progress:0
    slave_read_repl_offset:50
    slave_repl_offset:50
    slave_priority:100
    slave_read_only:1
    replica_announced:1
    connected_slaves:0
    master_failover_state:no-failover
    master_replid:caa518163b9c40f2cab901377efbdb6eda461faf
    master_replid2:0000000000000000000000000000000000000000
    master_repl_offset:50
    second_repl_offset:-1
    repl_backlog_active:1
    repl_backlog_size:1048576
    repl_backlog_first_byte_offset:1
    repl_backlog_histlen:50
    """

  /// The same replica after its primary was killed.
  static let replicaLinkDown = """
    # Replication
    role:slave
    master_host:127.0.0.1
    master_port:27411
    master_link_status:down
    master_last_io_seconds_ago:-1
    master_sync_in_progress:0
    slave_read_repl_offset:50
    slave_repl_offset:50
    master_link_down_since_seconds:1
    slave_priority:100
    slave_read_only:1
    replica_announced:1
    connected_slaves:0
    master_failover_state:no-failover
    master_replid:caa518163b9c40f2cab901377efbdb6eda461faf
    master_replid2:0000000000000000000000000000000000000000
    master_repl_offset:50
    second_repl_offset:-1
    repl_backlog_active:1
    repl_backlog_size:1048576
    repl_backlog_first_byte_offset:1
    repl_backlog_histlen:50
    """

  /// The same replica after it was restarted meanwhile, with what its old file holds.
  static let replicaRestartedFromFile = """
    # Replication
    role:slave
    master_host:127.0.0.1
    master_port:27411
    master_link_status:down
    master_last_io_seconds_ago:-1
    master_sync_in_progress:0
    slave_read_repl_offset:0
    slave_repl_offset:0
    master_link_down_since_seconds:-1
    slave_priority:100
    slave_read_only:1
    replica_announced:1
    connected_slaves:0
    master_failover_state:no-failover
    master_replid:caa518163b9c40f2cab901377efbdb6eda461faf
    master_replid2:0000000000000000000000000000000000000000
    master_repl_offset:0
    second_repl_offset:-1
    repl_backlog_active:0
    repl_backlog_size:1048576
    repl_backlog_first_byte_offset:0
    repl_backlog_histlen:0
    """

  /// A replica that was restarted without a file while its primary was dead: it holds nothing.
  static let replicaRestartedEmpty = """
    # Replication
    role:slave
    master_host:127.0.0.1
    master_port:27411
    master_link_status:down
    master_last_io_seconds_ago:-1
    master_sync_in_progress:0
    slave_read_repl_offset:1
    slave_repl_offset:1
    master_link_down_since_seconds:-1
    slave_priority:100
    slave_read_only:1
    replica_announced:1
    connected_slaves:0
    master_failover_state:no-failover
    master_replid:4e2588849927167d284a3710cbadd3152b06843e
    master_replid2:0000000000000000000000000000000000000000
    master_repl_offset:0
    second_repl_offset:-1
    repl_backlog_active:0
    repl_backlog_size:1048576
    repl_backlog_first_byte_offset:0
    repl_backlog_histlen:0

    """

  /// A replica that copies its primary's data set.
  static let replicaSyncing = """
    # Replication
    role:slave
    master_host:127.0.0.1
    master_port:27411
    master_link_status:down
    master_last_io_seconds_ago:-1
    master_sync_in_progress:1
    slave_read_repl_offset:1
    slave_repl_offset:1
    master_sync_total_bytes:0
    master_sync_read_bytes:49120
    master_sync_left_bytes:-49120
    master_sync_perc:0.00
    master_sync_last_io_seconds_ago:1
    master_link_down_since_seconds:-1
    slave_priority:100
    slave_read_only:1
    replica_announced:1
    connected_slaves:0
    master_failover_state:no-failover
    master_replid:649d24e1a1ad443b09bafdfc2049931a73737c59
    master_replid2:0000000000000000000000000000000000000000
    master_repl_offset:0
    second_repl_offset:-1
    repl_backlog_active:0
    repl_backlog_size:1048576
    repl_backlog_first_byte_offset:0
    repl_backlog_histlen:0
    """

  /// KeyDB with `active-replica yes`. Written by hand after its source (`genRedisInfoString`), not recorded.
  static let keyDBActiveReplica = """
    # Replication
    role:active-replica
    master_global_link_status:up
    connected_masters:1
    master_host:10.0.0.2
    master_port:6379
    master_link_status:up
    master_last_io_seconds_ago:3
    master_sync_in_progress:0
    slave_repl_offset:700
    slave_priority:100
    slave_read_only:0
    connected_slaves:1
    slave0:ip=10.0.0.2,port=6379,state=online,offset=812,lag=1
    master_replid:b1fc0f2c1d9b4d4c8d0b6d2f3e7a9c5d1e2f3a4b
    master_repl_offset:812
    """
}
