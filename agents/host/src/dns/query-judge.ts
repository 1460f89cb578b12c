// Judges one query by policy and budget and resolves what is allowed; knows nothing of sockets.

import { isIPv4 } from 'node:net';
import { type CompiledEgress, decideName } from '@sandtrail/policy/egress';
import { type Lookup, resolveName } from '../egress/destination.ts';
import { addressAnswer, emptyAnswer } from './dns-answer.ts';
import type { DnsBudget } from './dns-budget.ts';
import type { DnsRecord, Judged } from './dns-record.ts';
import { type Question, rcode, readQuestion } from './question.ts';
import type { ResolverLimits } from './resolver-limits.ts';

interface QueryJudgeOptions {
  readonly policy: CompiledEgress;
  readonly lookup: Lookup;
  readonly budget: DnsBudget;
  readonly record: DnsRecord;
  readonly limits: Pick<ResolverLimits, 'lookupsMax'>;
  readonly contained: () => boolean;
}

/** An answer to send, a promise of one, or nothing to send. */
export type Reply = Buffer | Promise<Buffer> | undefined;

type Asked = Extract<Question, { state: 'asked' }>;
type Refusal = Omit<Judged, 'name' | 'type' | 'answers'>;

/** Answers packets; each query is recorded once, with its verdict. */
export class QueryJudge {
  readonly #options: QueryJudgeOptions;
  #lookups = 0;

  constructor(options: QueryJudgeOptions) {
    this.#options = options;
  }

  answer(query: Buffer): Reply {
    const question = readQuestion(query);
    switch (question.state) {
      case 'drop':
        this.#options.record.malformed();
        return undefined;
      case 'malformed':
        this.#options.record.malformed();
        return emptyAnswer(query, { rcode: question.rcode });
      case 'asked':
        return this.#judge(query, question);
      default:
        return question satisfies never;
    }
  }

  #judge(query: Buffer, question: Asked): Reply {
    const refusal = this.#refusal(question);
    if (refusal !== undefined) return this.#refuse(query, { question, refusal });
    const { type, name } = question;
    if (type !== 'A' && type !== 'AAAA') {
      // HTTPS and SVCB would carry ECH keys and address hints: the name has none here.
      this.#options.record.judged({ name, type, verdict: 'answered', answers: [] });
      return emptyAnswer(query, { rcode: rcode.noError, end: question.end });
    }
    if (this.#lookups >= this.#options.limits.lookupsMax)
      return this.#refuse(query, { question, refusal: { verdict: 'failed', reason: 'limit' } });
    this.#lookups += 1;
    return this.#resolve(query, { ...question, type }).finally(() => {
      this.#lookups -= 1;
    });
  }

  #refusal({ name, plain, type, internet }: Asked): Refusal | undefined {
    const { policy, budget, contained } = this.#options;
    if (contained()) return { verdict: 'refused', reason: 'contained' };
    if (!plain) return { verdict: 'refused', reason: 'label_bytes' };
    const allowed = decideName(policy, name);
    if (!allowed.allow) return { verdict: 'denied', reason: allowed.reason };
    if (!internet || !answeredTypes.has(type)) return { verdict: 'refused', reason: 'record_type' };
    const chosen = !policy.exact.has(allowed.canonicalHost);
    if (chosen && !budget.spend(allowed.canonicalHost))
      return { verdict: 'refused', reason: 'dns_budget' };
    return undefined;
  }

  async #resolve(query: Buffer, question: Asked & { readonly type: 'A' | 'AAAA' }) {
    const { policy, lookup, record, contained } = this.#options;
    const { name, type, end } = question;
    const found = await resolveName({ policy, lookup, name });
    if (contained())
      return this.#refuse(query, {
        question,
        refusal: { verdict: 'refused', reason: 'contained' },
      });
    if ('refused' in found) {
      const verdict = found.refused === 'unresolved' ? 'failed' : 'refused';
      return this.#refuse(query, { question, refusal: { verdict, reason: found.refused } });
    }
    const wanted = found.filter((address) => isIPv4(address) === (type === 'A'));
    const answers = wanted.slice(0, answersMax);
    record.judged({ name, type, verdict: 'answered', answers });
    return addressAnswer(query, { end, type, addresses: answers });
  }

  #refuse(query: Buffer, refused: { readonly question: Asked; readonly refusal: Refusal }): Buffer {
    const { question, refusal } = refused;
    const { name, type, end } = question;
    this.#options.record.judged({ name, type, ...refusal, answers: [] });
    const unknown = refusal.verdict === 'denied' || refusal.reason === 'unresolved';
    return emptyAnswer(query, { rcode: unknown ? rcode.nxDomain : rcode.refused, end });
  }
}

/** Eight IPv6 answers to the longest name fit in 512 bytes without EDNS (RFC 1035 §4.2.1). */
const answersMax = 8;

const answeredTypes: ReadonlySet<string> = new Set(['A', 'AAAA', 'HTTPS', 'SVCB']);
