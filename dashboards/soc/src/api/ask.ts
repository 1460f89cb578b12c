// Asking the API: one way out, one parse at the rim, and every failure a problem with words.
import { requestHeader } from '@sandtrail/console/contract/session';
import type * as z from 'zod';
import { ownProblem, ProblemError, readProblem } from './problem-error.ts';

/** Values of a query; undefined ones are left out, lists are joined by commas. */
export type Query = Readonly<Record<string, string | number | readonly string[] | undefined>>;

const root = '/api/v1';

/** The address of a route with its query. */
export function addressOf(route: string, query: Query = {}): string {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && `${value}` !== '') words.set(name, `${value}`);
  }
  return `${root}${route}${words.size === 0 ? '' : `?${words}`}`;
}

interface Asked<S extends z.ZodType> {
  readonly answer: S;
  readonly query?: Query;
  readonly signal?: AbortSignal;
}

/** Reads. Throws ProblemError. */
export function read<S extends z.ZodType>(route: string, asked: Asked<S>): Promise<z.output<S>> {
  return ask(addressOf(route, asked.query), asked, { method: 'GET' });
}

/** Changes something. Throws ProblemError. */
export function act<S extends z.ZodType>(
  route: string,
  asked: Asked<S> & { readonly body?: unknown; readonly method?: 'POST' | 'DELETE' },
): Promise<z.output<S>> {
  const { method = 'POST', body } = asked;
  const headers: Record<string, string> = { [requestHeader.name]: requestHeader.value };
  if (body !== undefined) headers['content-type'] = 'application/json';
  const content = body === undefined ? {} : { body: JSON.stringify(body) };
  return ask(addressOf(route, asked.query), asked, { method, headers, ...content });
}

async function ask<S extends z.ZodType>(
  address: string,
  { answer, signal }: Asked<S>,
  init: RequestInit,
): Promise<z.output<S>> {
  const response = await fetchOrProblem(address, signal === undefined ? init : { ...init, signal });
  if (!response.ok) throw await readProblem(response);
  const body = response.status === 204 ? undefined : await response.json();
  const parsed = answer.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new ProblemError(ownProblem('CONSOLE_ANSWER', parsed.error), parsed.error);
}

async function fetchOrProblem(address: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(address, init);
  } catch (cause) {
    if (init.signal?.aborted === true) throw cause;
    throw new ProblemError(ownProblem('CONSOLE_UNREACHABLE', cause), cause);
  }
}
