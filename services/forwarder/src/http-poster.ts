// POST to one URL over kept connections: what failed before there was an answer, and the answer.
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { DeliveryFailure } from './delivery-failure.ts';
import type { TlsFiles } from './destination-settings.ts';
import { readTls } from './tls-settings.ts';

/** What came back. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
  /** What `retry-after` asks for. */
  readonly retryAfterMs: number | undefined;
}

interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
}

const answerBytesMax = 33_554_432;
const socketsMax = 2;

/** Sends requests; redirects are not followed, since a credential goes with each. */
export class HttpPoster {
  readonly #tls: TlsFiles | undefined;
  #agents: { readonly http: HttpAgent; readonly https: HttpsAgent } | undefined;

  constructor(tls: TlsFiles | undefined) {
    this.#tls = tls;
  }

  /**
   * One request and its whole answer.
   * @throws SandtrailError `DESTINATION_UNREACHABLE` without an answer; `KEY_UNUSABLE`
   */
  async post({ url, headers, body, signal }: Post): Promise<HttpAnswer> {
    const agents = await this.#open();
    const bytes = Buffer.from(body);
    const all = { ...headers, 'content-length': `${bytes.length}`, 'user-agent': 'sandtrail' };
    const options = { method: 'POST', headers: all, signal };
    try {
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        const outgoing = url.startsWith('https:')
          ? httpsRequest(url, { ...options, agent: agents.https }, resolve)
          : httpRequest(url, { ...options, agent: agents.http }, resolve);
        outgoing.once('error', reject);
        outgoing.end(bytes);
      });
      const asked = Number(answer.headers['retry-after']);
      return {
        status: answer.statusCode ?? 0,
        body: await textOf(answer),
        retryAfterMs: Number.isFinite(asked) && asked > 0 ? asked * 1000 : undefined,
      };
    } catch (cause) {
      this.close();
      throw new DeliveryFailure('DESTINATION_UNREACHABLE', { detail: reasonOf(cause), cause });
    }
  }

  close(): void {
    this.#agents?.http.destroy();
    this.#agents?.https.destroy();
    this.#agents = undefined;
  }

  async #open() {
    const tls = await readTls(this.#tls);
    const kept = { keepAlive: true, maxSockets: socketsMax };
    this.#agents ??= { http: new HttpAgent(kept), https: new HttpsAgent({ ...kept, ...tls }) };
    return this.#agents;
  }
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of answer) {
    const bytes = Buffer.from(chunk);
    sizeBytes += bytes.length;
    if (sizeBytes > answerBytesMax) throw new Error('the answer is too long');
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Codes of the system and of TLS say what is wrong, and quote nothing. */
function reasonOf(cause: unknown): string {
  if (cause instanceof Error && 'code' in cause) return String(cause.code);
  return cause instanceof Error ? cause.message.slice(0, 128) : 'no answer';
}
