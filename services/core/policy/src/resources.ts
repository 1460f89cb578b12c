// A policy's resource limits as numbers.
import type { Policy } from '@sandtrail/schemas/policy';

/** Limits in the units that cgroups and timers take. */
export interface Limits {
  readonly cpuCores: number;
  readonly memoryBytes: number;
  readonly pidsMax: number;
  readonly timeoutMs: number;
}

const bytesPerUnit: Readonly<Record<string, number>> = {
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
};

/** Reads `"2"`, `"0.5"`, `"500m"` and `512Mi`, `4Gi` (Kubernetes quantities, as far as the schema lets them in). */
export function parseLimits(resources: Policy['resources']): Limits {
  const { cpu_limit: cpu, memory_limit: memory } = resources;
  const unit = memory.slice(-2);
  const scale = bytesPerUnit[unit];
  return {
    cpuCores: cpu.endsWith('m') ? Number(cpu.slice(0, -1)) / 1000 : Number(cpu),
    memoryBytes: scale === undefined ? Number(memory) : Number(memory.slice(0, -2)) * scale,
    pidsMax: resources.pids_limit,
    timeoutMs: resources.timeout_seconds * 1000,
  };
}
