// What the console makes of records: hostile, huge and damaged ones, and the live feed.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { EventPage } from './contract/event-query.ts';
import { LiveReset, LiveRows } from './contract/live.ts';
import { NetworkView } from './contract/network.ts';
import { Problem } from './contract/problem.ts';
import { apiPrefix } from './contract/route.ts';
import { type ConsoleBed, execOf, recordOf, startConsoleBed } from './testbed.ts';

let bed: ConsoleBed;
beforeAll(async () => {
  bed = await startConsoleBed();
});
afterAll(() => bed.close());

async function problemOf(response: Response): Promise<Problem> {
  return Problem.parse(await response.json());
}

describe('what sandboxes write', () => {
  test('hostile, huge and damaged records are told as what they are', async () => {
    const hostile = '</script><img src=x onerror=alert(1)>\u202E\u0007';
    const prompt = { kind: 'model.prompt', model: 'm', text: `begin ${'x'.repeat(200_000)}` };
    const damaged = { ...recordOf(execOf([])), body: Buffer.from('{"kind":"process.ex') };
    await bed.seal([recordOf(execOf([hostile])), recordOf(prompt), damaged]);
    const cookie = await bed.cookieOf('viewer');
    // A body that is no JSON gives no columns, so only a question without a filter meets it.
    const response = await bed.ask(`${apiPrefix}/events`, cookie);
    const page = EventPage.parse(await response.json());
    expect(page.unreadable).toBe(1);
    expect(page.rows.map(({ kind }) => kind)).toEqual(['process.exec', 'model.prompt']);
    expect(page.rows[0]).toMatchObject({ summary: hostile, isCut: false });
    expect(page.rows[1]?.summary).toMatch(/^ ?begin x+$/);
    expect(page.rows[1]?.isCut).toBe(true);
  });

  test('a destination is new for its template when no earlier sandbox of it went there', async () => {
    const policy = {
      ...{ isolation: 'bubblewrap', network: { mode: 'restricted' } },
      filesystem: { workspace: '/w' },
      resources: { cpu_limit: '1', memory_limit: '1Gi', timeout_seconds: 9 },
    };
    const created = {
      ...{ kind: 'sandbox.created', name: 'n', template: 'py', node: 'n', policy },
      ...{ isolation: 'bubblewrap', policyDigest: '0'.repeat(64) },
    };
    const flow = (host: string) => ({
      ...{ kind: 'network.flow', host, port: 443, bytesOut: 5, bytesIn: 7 },
      ...{ durationMs: 1, ended: 'closed' },
    });
    await bed.seal([
      ...[created, flow('known.example')].map((body) => recordOf(body, 'earlier-001')),
      ...[created, flow('known.example'), flow('new.example')].map((body) =>
        recordOf(body, 'later-0001'),
      ),
    ]);
    const cookie = await bed.cookieOf('viewer');
    const look = async (life: string) => {
      const response = await bed.ask(`${apiPrefix}/sandboxes/${life}/0/network`, cookie);
      const { destinations } = NetworkView.parse(await response.json());
      return destinations.map(({ host, reach, isNewForTemplate }) => [
        host,
        reach,
        isNewForTemplate,
      ]);
    };
    expect(await look('earlier-001')).toEqual([['known.example', 'undeclared', null]]);
    expect(await look('later-0001')).toEqual([
      ['new.example', 'undeclared', true],
      ['known.example', 'undeclared', false],
    ]);
  });
});

const Message = z.object({ event: z.string(), id: z.string().optional(), data: z.unknown() });

async function* follow(query: string, cookie: string, init: RequestInit = {}) {
  const response = await bed.ask(`${apiPrefix}/live${query}`, cookie, init);
  if (response.body === null || !response.ok) throw new Error(`${response.status}`);
  let text = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const lines = block.split('\n').map((line) => line.split(/: (.*)/s, 2));
      const fields = Object.fromEntries(lines);
      if (fields['event'] === undefined) continue;
      yield Message.parse({ ...fields, data: JSON.parse(fields['data'] ?? 'null') });
    }
  }
}

describe('the live feed', () => {
  test('goes on behind an id with what came after it, and with nothing twice', async () => {
    const cookie = await bed.cookieOf('viewer');
    const first = follow('', cookie);
    await first.next();
    await bed.append([recordOf(execOf(['one']))]);
    let id = '';
    for await (const message of first) {
      if (message.event !== 'rows') continue;
      id = message.id ?? '';
      break;
    }
    await bed.append([recordOf(execOf(['two'])), recordOf(execOf(['three']))]);
    const headers = { 'last-event-id': id };
    for await (const { event, data } of follow('', cookie, { headers })) {
      expect(event).not.toBe('reset');
      if (event !== 'rows') continue;
      expect(LiveRows.parse(data).rows.map(({ summary }) => summary)).toEqual(['two', 'three']);
      break;
    }
  });

  test('says when it cannot go on from where the reader was', async () => {
    const cookie = await bed.cookieOf('viewer');
    for await (const { event, data } of follow('?after=elsewhere.1.2', cookie)) {
      expect(event).toBe('reset');
      expect(LiveReset.parse(data)).toEqual({ reason: 'another_log', missed: null });
      break;
    }
    const bad = await bed.ask(`${apiPrefix}/live?after=what`, cookie);
    expect(bad.status).toBe(400);
  });

  test('is open to so many at once and no more', async () => {
    const cookie = await bed.cookieOf('viewer');
    const open = new AbortController();
    const feeds = await Promise.all(
      Array.from({ length: 32 }, () =>
        bed.ask(`${apiPrefix}/live`, cookie, { signal: open.signal }),
      ),
    );
    expect(feeds.every(({ ok }) => ok)).toBe(true);
    expect(await problemOf(await bed.ask(`${apiPrefix}/live`, cookie))).toMatchObject({
      code: 'CONSOLE_BUSY',
      status: 429,
    });
    open.abort();
  });
});
