// The way into the log for services in this process: the same admission, without a socket.
import type { RefusedRecord, Shipper } from '@sandtrail/kit/shipper';
import type { Credential } from './grant.ts';
import type { Intake } from './intake.ts';

/** A shipper bound to a credential; `ship` rejects with what `Bus.append` throws. */
export function createServiceShipper(intake: Intake, credential: Credential): Shipper {
  return {
    async ship(records): Promise<readonly RefusedRecord[]> {
      const { refused } = await intake.take(credential, records);
      return refused;
    },
    close: () => Promise.resolve(),
  };
}
