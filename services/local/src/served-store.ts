// A store that a ClickHouse server holds, verified through its HTTP interface.
import { createCounters } from '@sandtrail/runtime/counters';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { verifyStore } from '@sandtrail/sealer/verify-store';
import { connectReader } from '@sandtrail/store/open-store';
import type { VerifyRequest } from './admin-contract.ts';

/**
 * Verifies the rows behind `url`.
 * @throws SandtrailError `USAGE` when it is no http or https URL, and those of a store's connection
 */
export async function verifyServed(url: string, { trust, heads }: VerifyRequest) {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new SandtrailError('USAGE', { detail: '--url takes an http or https URL' });
  }
  const store = connectReader({ target: { url }, counters: createCounters() });
  try {
    return await verifyStore({ store, trust, heads });
  } finally {
    await store.close();
  }
}
