// A person at the console, as a browser would speak for them: every answer is held to the contract.
import { Problem } from '@sandtrail/console/contract/problem';
import type { Role } from '@sandtrail/console/contract/rights';
import { type ApiRoute, apiPrefix } from '@sandtrail/console/contract/route';
import { routes } from '@sandtrail/console/contract/routes';
import { requestHeader } from '@sandtrail/console/contract/session';
import type * as z from 'zod';
import type { TestProduct } from './product.ts';

/** What is asked of a route. */
export interface Asking {
  readonly params?: Readonly<Record<string, string | number>>;
  readonly query?: Readonly<Record<string, string | number>>;
  readonly body?: unknown;
  /** Headers that a browser of somebody else would send. */
  readonly headers?: Readonly<Record<string, string>>;
}

type JsonRoute<S extends z.ZodType> = ApiRoute & {
  readonly answer: { readonly type: 'json'; readonly schema: S };
};

/** One message of an event stream. */
interface StreamEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: unknown;
}

/** A link as `sandtrail console` prints it. */
export async function linkOf(product: TestProduct, actor: string, role: Role): Promise<URL> {
  const words = ['console', '--json', '--actor', actor, '--role', role];
  const { stdout, stderr } = await product.command(words);
  if (stdout === '') throw new Error(`no link: ${stderr}`);
  return new URL(JSON.parse(stdout).url);
}

/** Somebody who signed in by a fresh link. */
export async function signIn(product: TestProduct, actor: string, role: Role): Promise<Person> {
  const link = await linkOf(product, actor, role);
  const person = new Person(link.origin);
  await person.json(routes.signIn, { body: { token: link.hash.slice(1) } });
  return person;
}

/** A browser's cookie jar and its manners. */
export class Person {
  readonly origin: string;
  cookie = '';

  constructor(origin: string) {
    this.origin = origin;
  }

  /** The answer of a route that gives JSON, parsed by the contract; throws what was refused. */
  async json<S extends z.ZodType>(route: JsonRoute<S>, asking: Asking = {}): Promise<z.output<S>> {
    const response = await this.ask(route, asking);
    const value: unknown = await response.json();
    if (!response.ok) throw new Error(`${route.path}: ${JSON.stringify(value)}`);
    return route.answer.schema.parse(value);
  }

  /** As `json`, or undefined for what is not there (yet). */
  async find<S extends z.ZodType>(route: JsonRoute<S>, asking: Asking = {}) {
    const response = await this.ask(route, asking);
    if (response.status === 404) return undefined;
    return route.answer.schema.parse(await response.json());
  }

  /** The refusal of a route; throws when it was not refused. */
  async refusal(route: ApiRoute, asking: Asking = {}): Promise<Problem> {
    const response = await this.ask(route, asking);
    if (response.ok) throw new Error(`${route.path} was not refused`);
    return Problem.parse(await response.json());
  }

  /** The bare response. */
  async ask(route: ApiRoute, { params = {}, query = {}, body, headers = {} }: Asking = {}) {
    const { method, path } = route;
    const place = path.replaceAll(/\{(\w+)\}/g, (_, field) => String(params[field]));
    const search = new URLSearchParams(
      Object.entries(query).map(([field, value]): [string, string] => [field, String(value)]),
    );
    const own = method === 'GET' ? {} : { origin: this.origin, [requestHeader.name]: '1' };
    const typed = body === undefined ? {} : { 'content-type': 'application/json' };
    const cookie = this.cookie === '' ? {} : { cookie: this.cookie };
    const response = await fetch(`${this.origin}${apiPrefix}${place}?${search}`, {
      method,
      headers: { ...own, ...typed, ...cookie, ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const set = response.headers.get('set-cookie');
    if (set !== null) this.cookie = set.split(';')[0] ?? '';
    return response;
  }

  /** Messages of an event stream as they come; ends with the loop that reads it. */
  async *stream(route: ApiRoute, asking: Asking = {}) {
    const response = await this.ask(route, asking);
    if (!response.ok || response.body === null)
      throw new Error(`${route.path}: ${response.status} ${await response.text()}`);
    let text = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const message = messageOf(block);
        if (message !== undefined) yield message;
      }
    }
  }
}

function messageOf(block: string): StreamEvent | undefined {
  const field = (name: string) =>
    block
      .split('\n')
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2);
  const event = field('event');
  if (event === undefined) return undefined;
  return { event, id: field('id'), data: JSON.parse(field('data') ?? 'null') };
}
