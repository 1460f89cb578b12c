import { expect, test } from 'vitest';
import { signWebhook, webhookKey } from './webhook-signature.ts';
import { WebhookVerifier } from './webhook-verifier.ts';

const secret = 'a-secret-that-both-sides-share';
const startMs = Date.parse('2026-01-01T00:00:00Z');

function at(ms: number) {
  const clock = { nowNs: () => BigInt(ms) * 1_000_000n, monotonicMs: () => ms };
  return clock;
}

function signed(changes: Readonly<Record<string, unknown>> = {}, key = secret) {
  const event = {
    ...{ specversion: '1.0', id: 'chain:1', source: 'urn:sandtrail:n', type: 'sandtrail.finding' },
    ...{ subject: 'sandbox-1', time: '2026-01-01T00:00:00Z', nonce: 'a'.repeat(32) },
    ...{ expires: '2026-01-01T00:01:00Z', data: { class_uid: 2004 } },
    ...changes,
  };
  const body = JSON.stringify(event);
  const timestamp = `${startMs / 1000}`;
  const signature = signWebhook({ id: event.id, timestamp, body }, webhookKey(key));
  const headers = {
    'webhook-id': event.id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signature,
  };
  return { headers, body };
}

const codeOf = (act: () => unknown) => {
  try {
    act();
    return 'taken';
  } catch (error) {
    return Object(error).code;
  }
};

test('a genuine webhook is taken, also beside the signature of an older secret', () => {
  const verifier = new WebhookVerifier({ secret, clock: at(startMs) });
  const request = signed();
  const both = `v1,AAAA ${request.headers['webhook-signature']}`;
  const headers = { ...request.headers, 'webhook-signature': both };
  expect(verifier.verify({ ...request, headers })).toMatchObject({ subject: 'sandbox-1' });
});

test('the signature is that of Standard Webhooks', () => {
  // The example of its specification.
  const key = webhookKey('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
  const parts = {
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    timestamp: '1614265330',
    body: '{"test": 2432232314}',
  };
  expect(signWebhook(parts, key)).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
});

test('a forged webhook is refused, whatever of it was changed', () => {
  const verifier = new WebhookVerifier({ secret, clock: at(startMs) });
  const { headers, body } = signed();
  const forged = [
    signed({}, 'another-secret-of-somebody-else'),
    { headers, body: body.replace('sandbox-1', 'sandbox-2') },
    { headers: { ...headers, 'webhook-id': 'chain:2' }, body },
    { headers: { ...headers, 'webhook-timestamp': '1' }, body },
    { headers: { ...headers, 'webhook-signature': '' }, body },
    { headers: {}, body },
    { headers: { ...headers, 'webhook-signature': [`${headers['webhook-signature']}`] }, body },
  ];
  for (const request of forged)
    expect(codeOf(() => verifier.verify(request))).toBe('WEBHOOK_FORGED');
  expect(codeOf(() => verifier.verify({ headers, body }))).toBe('taken');
});

test('the same webhook again is refused, an event that was sent anew is not', () => {
  const verifier = new WebhookVerifier({ secret, clock: at(startMs) });
  verifier.verify(signed());
  expect(codeOf(() => verifier.verify(signed()))).toBe('WEBHOOK_REPLAYED');
  expect(codeOf(() => verifier.verify(signed({ nonce: 'b'.repeat(32) })))).toBe('taken');
});

test('after its expiry it is refused, and so is one from the future', () => {
  const late = new WebhookVerifier({ secret, clock: at(startMs + 121_000) });
  expect(codeOf(() => late.verify(signed()))).toBe('WEBHOOK_EXPIRED');
  const early = new WebhookVerifier({ secret, clock: at(startMs - 61_000) });
  expect(codeOf(() => early.verify(signed()))).toBe('WEBHOOK_EXPIRED');
});

test('beyond its bound of nonces it refuses instead of forgetting one', () => {
  const verifier = new WebhookVerifier({ secret, clock: at(startMs), noncesMax: 2 });
  for (const digit of ['1', '2']) verifier.verify(signed({ nonce: digit.repeat(32) }));
  expect(codeOf(() => verifier.verify(signed({ nonce: '3'.repeat(32) })))).toBe('WEBHOOK_REPLAYED');
});

test('a secret that is too short is refused', () => {
  expect(codeOf(() => new WebhookVerifier({ secret: 'short', clock: at(0) }))).toBe('KEY_UNUSABLE');
});
