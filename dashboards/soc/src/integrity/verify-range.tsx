// Verify this range: asks for it, follows its progress, and tells the result with its range and time.
import {
  type ChainView,
  Verification,
  type VerificationResult,
} from '@sandtrail/console/contract/integrity';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { act, addressOf } from '../api/ask.ts';
import { problemOf } from '../api/problem-error.ts';
import { useRight } from '../session/use-session.ts';
import { ProblemNote } from '../shell/problem-note.tsx';
import { countText, msOf } from '../time/format-time.ts';
import { Moment } from '../time/moment.tsx';
import { rangeWords, verdictWord } from './verification-words.ts';

interface VerifyRangeProps {
  readonly chain: ChainView;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** The form and what became of it. */
export function VerifyRange({ chain, from: first = '0', to: last }: VerifyRangeProps) {
  const end = chain.head?.pos ?? '0';
  const [from, setFrom] = useState(first);
  const [to, setTo] = useState(last ?? '');
  const { allowed, why } = useRight('verify');
  const starting = useMutation({
    mutationFn: () =>
      act('/integrity/verifications', {
        answer: Verification,
        body: { chain: chain.chain, from, ...(to === '' ? {} : { to }) },
      }),
  });
  const [running, broken] = useFollowed(starting.data);
  const isRunning = running !== undefined && running.result === null && !broken;
  return (
    <section aria-label="Verify a range" className="box page-note">
      <h2>Verify a range</h2>
      <form
        className="filters"
        onSubmit={(event) => {
          event.preventDefault();
          if (!isRunning && allowed) starting.mutate();
        }}
      >
        <label>
          From{' '}
          <input
            className="field"
            inputMode="numeric"
            onChange={({ target }) => setFrom(target.value)}
            pattern="\d{1,19}"
            required
            size={10}
            value={from}
          />
        </label>
        <label>
          to{' '}
          <input
            className="field"
            inputMode="numeric"
            onChange={({ target }) => setTo(target.value)}
            pattern="\d{0,19}"
            placeholder={end}
            size={10}
            value={to}
          />
        </label>
        <button
          className="button button-main"
          disabled={!allowed || isRunning || starting.isPending}
          type="submit"
        >
          Verify this range
        </button>
        {allowed ? null : <span className="muted">{why}</span>}
      </form>
      {starting.error === null ? null : <ProblemNote problem={problemOf(starting.error)} />}
      {running === undefined ? null : <Progress running={running} />}
      {broken ? (
        <p role="status">The stream of its progress broke off; its result will be in the record.</p>
      ) : null}
    </section>
  );
}

/** The verification as its stream tells it; true beside it when the stream broke off. */
function useFollowed(
  started: Verification | undefined,
): readonly [Verification | undefined, boolean] {
  const [running, setRunning] = useState<Verification>();
  const [broken, setBroken] = useState(false);
  const queries = useQueryClient();
  useEffect(() => {
    if (started === undefined) return;
    setRunning(started);
    setBroken(false);
    const source = new EventSource(addressOf(`/integrity/verifications/${started.id}`));
    const take = (event: MessageEvent) => {
      const parsed = Verification.safeParse(JSON.parse(String(event.data)));
      if (!parsed.success) return setBroken(true);
      setRunning(parsed.data);
      if (parsed.data.result === null) return;
      source.close();
      void queries.invalidateQueries({ queryKey: ['integrity'] });
    };
    source.addEventListener('progress', take);
    source.addEventListener('result', take);
    source.addEventListener('error', () => {
      source.close();
      setBroken(true);
    });
    return () => source.close();
  }, [started, queries]);
  return [running, broken];
}

function Progress({ running }: { readonly running: Verification }) {
  const total = Number(BigInt(running.to) - BigInt(running.from)) + 1;
  const done = Number(running.rows);
  return (
    <div role="status">
      <progress aria-label="Rows verified" max={Math.max(1, total)} value={done} />{' '}
      {countText(done)} of {countText(total)} rows
      {running.result === null ? '' : null}
      {running.result === null ? null : <Result result={running.result} />}
    </div>
  );
}

/** The verdict, always with its range and time. */
function Result({ result }: { readonly result: VerificationResult }) {
  const isVerified = result.verdict === 'verified';
  return (
    <p>
      <strong className={isVerified ? 'proven' : ''}>
        {isVerified ? '✓ ' : ''}
        {verdictWord(result)}
      </strong>
      : {rangeWords(result)}, <Moment timeMs={msOf(result.endedAtNs)} />
      {result.code === null ? null : (
        <>
          {' '}
          · <span className="machine-font">{result.code}</span>
        </>
      )}
      {result.detail === null ? null : ` · ${result.detail}`}
    </p>
  );
}
