// How much memory and how many threads chDB may take, as its configuration file says it.

/** Settings of every statement. One thread each: the machine belongs to the sandboxes. */
export const statementSettings: Readonly<Record<string, string | number>> = {
  max_threads: 1,
  max_insert_threads: 1,
  // Compiled expressions cost tens of megabytes and win nothing on statements this small.
  compile_expressions: 0,
  compile_aggregate_expressions: 0,
  compile_sort_description: 0,
  use_uncompressed_cache: 0,
  output_format_json_quote_64bit_integers: 1,
};

interface Limits {
  /** Bound of the whole process, the engine's own code and the runtime included. */
  readonly memoryBytesMax: number;
  readonly markCacheBytesMax: number;
}

/** The engine's configuration file (ClickHouse server settings). */
export function chdbConfig({ memoryBytesMax, markCacheBytesMax }: Limits): string {
  const settings: Readonly<Record<string, number>> = {
    max_server_memory_usage: memoryBytesMax,
    mark_cache_size: markCacheBytesMax,
    index_mark_cache_size: markCacheBytesMax,
    uncompressed_cache_size: 0,
    index_uncompressed_cache_size: 0,
    compiled_expression_cache_size: 0,
    background_pool_size: 1,
    background_merges_mutations_concurrency_ratio: 2,
    background_move_pool_size: 1,
    background_fetches_pool_size: 1,
    background_common_pool_size: 1,
    background_schedule_pool_size: 2,
    background_buffer_flush_schedule_pool_size: 1,
    background_message_broker_schedule_pool_size: 1,
    background_distributed_schedule_pool_size: 1,
    memory_worker_period_ms: 1_000,
    max_thread_pool_size: 64,
    max_thread_pool_free_size: 4,
  };
  const lines = Object.entries(settings).map(([name, value]) => `  <${name}>${value}</${name}>`);
  return `<clickhouse>\n${lines.join('\n')}\n</clickhouse>\n`;
}
