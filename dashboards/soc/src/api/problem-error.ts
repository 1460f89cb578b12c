// What the API answers when it does not do what was asked, as an error with its words.
import { Problem } from '@sandtrail/console/contract/problem';

/** Why there is no answer: the API said so, it did not answer, or its answer is not of the contract. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem, cause?: unknown) {
    super(problem.title, { cause });
    this.name = 'ProblemError';
    this.problem = problem;
  }
}

/** The problem behind an error, whatever was thrown. */
export function problemOf(error: unknown): Problem {
  return error instanceof ProblemError ? error.problem : ownProblem('CONSOLE_FAULT', error);
}

const words = {
  CONSOLE_UNREACHABLE: {
    title: 'The console’s API does not answer.',
    remedy: 'Check that `sandtrail up` runs and that this machine reaches it. It is asked again.',
  },
  CONSOLE_ANSWER: {
    title: 'The API gave an answer that this page does not understand.',
    remedy: 'Reload the page: it may be older than the API.',
  },
  CONSOLE_FAULT: {
    title: 'This page failed.',
    remedy: 'Reload it. The recorder and the record do not depend on this page.',
  },
} as const;

/** A problem that this page found by itself. */
export function ownProblem(code: keyof typeof words, cause: unknown): Problem {
  const detail = cause instanceof Error ? cause.message : String(cause);
  const type = `urn:sandtrail:error:${code}`;
  return { type, ...words[code], status: 599, code, detail: detail.slice(0, 2048) };
}

/** Reads a problem out of an answer that is not the one that was asked for. */
export async function readProblem(response: Response): Promise<ProblemError> {
  const text = await response.text();
  const parsed = Problem.safeParse(jsonOf(text));
  if (parsed.success) return new ProblemError(parsed.data);
  const cause = new Error(`HTTP ${response.status} ${text.slice(0, 200)}`);
  return new ProblemError(
    { ...ownProblem('CONSOLE_UNREACHABLE', cause), status: Math.max(response.status, 400) },
    cause,
  );
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    return { cause: String(cause) };
  }
}
