// One run for all: what stands beside the code two at a time, then the whole product by itself.
import { defineConfig } from 'vitest/config';

// Real kernels and real processes on a busy machine: what fails once is looked at twice, and shown.
const shared = { pool: 'forks', testTimeout: 60_000, hookTimeout: 120_000, retry: 2 } as const;
const whole = ['test/e2e/**/*.test.ts', 'test/fault/**/*.test.ts', 'test/console/**/*.test.ts'];

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    projects: [
      {
        test: {
          ...shared,
          name: 'parts',
          include: ['**/*.test.ts'],
          exclude: ['**/node_modules/**', ...whole],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Many processes each: two products at once would measure the machine and not the product.
        test: {
          ...shared,
          name: 'whole',
          include: whole,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
