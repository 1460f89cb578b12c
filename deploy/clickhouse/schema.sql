-- Written by `npm run generate`: the tables of Sandtrail, for an administrator to make.
CREATE TABLE IF NOT EXISTS migrations (number UInt32, name String, appliedAt DateTime DEFAULT now())
ENGINE = MergeTree ORDER BY number SETTINGS fsync_after_insert = 1;

CREATE TABLE IF NOT EXISTS sealed (
  chain FixedString(32),
  topic LowCardinality(String),
  partition UInt16 CODEC(T64, ZSTD(1)),
  pos UInt64 CODEC(Delta, ZSTD(1)),
  offset UInt64 CODEC(Delta, ZSTD(1)),
  appendedAt DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  header String CODEC(ZSTD(1)),
  body String CODEC(ZSTD(1)),
  link FixedString(32) CODEC(NONE),
  projectionVersion UInt8,
  tenant LowCardinality(String),
  sandbox LowCardinality(String),
  incarnation UInt32 CODEC(T64, ZSTD(1)),
  trust LowCardinality(String),
  time DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
  kind LowCardinality(String),
  stream LowCardinality(String),
  seq UInt64 CODEC(Delta, ZSTD(1)),
  pid UInt32 CODEC(T64, ZSTD(1)),
  exe LowCardinality(String),
  subject String CODEC(ZSTD(1)),
  severity LowCardinality(String),
  INDEX by_sandbox sandbox TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_time time TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(appendedAt)
ORDER BY (chain, pos)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS chains (
  chain FixedString(32),
  log String,
  topic LowCardinality(String),
  partition UInt16
)
ENGINE = ReplacingMergeTree
ORDER BY (topic, partition, chain)
SETTINGS fsync_after_insert = 1;

CREATE TABLE IF NOT EXISTS chain_states (
  chain FixedString(32),
  size UInt64,
  state String CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
ORDER BY (chain, size);

CREATE TABLE IF NOT EXISTS detector_snapshots (
  partition UInt16,
  bundle String,
  nextOffset UInt64,
  blob String CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(nextOffset)
ORDER BY (partition, bundle);

INSERT INTO migrations (number, name) SELECT 1, 'sealed rows, chains, snapshots'
WHERE 1 > (SELECT max(number) FROM migrations);
