// The kit for senders inside sandboxes: it numbers, redacts and attests what they claim.
import type { Kit } from '@sandtrail/kit/kit';
import type { Shipper } from '@sandtrail/kit/shipper';
import type { Senders } from './senders.ts';

const mode = 'lines from inside the sandbox, over its own socket';
const blindSpots = [
  'what the agent does not say, or says falsely: every record of this stream is a claim',
  'what was lost before it reached the socket, beyond what its counter shows',
];

/**
 * Makes the senders of a gateway out of a kit whose collector is named `sender`; `openKit` gets the
 * way into the log.
 * @throws SandtrailError as `openKit` does
 */
export function kitSenders(openKit: (shipper: Shipper) => Kit) {
  return async (shipper: Shipper): Promise<Senders> => {
    const kit = openKit(shipper);
    return {
      open: ({ uid, incarnation }) => kit.open({ sandbox: uid, incarnation, mode, blindSpots }),
      close: () => kit.close('the gateway stops'),
    };
  };
}
