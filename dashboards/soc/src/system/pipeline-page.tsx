// Pipeline: is the record complete and on time, stage by stage.
import { PipelineView, type Stage } from '@sandtrail/console/contract/pipeline';
import { useQuery } from '@tanstack/react-query';
import { read } from '../api/ask.ts';
import { Answered } from '../shell/answered.tsx';
import { Page } from '../shell/page.tsx';
import { agoText, countText, msOf, spanText } from '../time/format-time.ts';
import { Moment } from '../time/moment.tsx';
import { useNow } from '../time/use-now.ts';
import './pipeline-page.css';

const everyMs = 2000;

/** The page. */
export function PipelinePage() {
  const query = useQuery({
    queryKey: ['pipeline'],
    queryFn: ({ signal }) => read('/pipeline', { answer: PipelineView, signal }),
    refetchInterval: everyMs,
  });
  return (
    <Page crumbs="Pipeline" title="Pipeline">
      <h1>Pipeline</h1>
      <div className="page-scroll">
        <Answered query={query} what="the pipeline">
          {(view) => <View view={view} />}
        </Answered>
      </div>
    </Page>
  );
}

function View({ view }: { readonly view: PipelineView }) {
  return (
    <>
      <p className="muted">
        On {view.node}, started <Moment timeMs={msOf(view.startedAtNs)} />. Counts are since then.
      </p>
      <ol className="stages">
        {view.stages.map((stage) => (
          <StageBox key={stage.name} stage={stage} />
        ))}
      </ol>
      <section className="section">
        <h2>Counters</h2>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys */}
        <section aria-label="Counters" className="box table-scroll" tabIndex={0}>
          <table className="table">
            <thead>
              <tr>
                <th scope="col">Counter</th>
                <th className="table-number" scope="col">
                  Count
                </th>
              </tr>
            </thead>
            <tbody>
              {view.counters.map(({ name, value }) => (
                <tr key={name}>
                  <td className="machine-font">{name}</td>
                  <td className="table-number">{countText(value)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      </section>
    </>
  );
}

/** One stage. What is not known is called unknown, never zero. */
function StageBox({ stage }: { readonly stage: Stage }) {
  const nowMs = useNow(1000);
  const { name, state, sinceNs, perSecond, lagRecords, lagMs, received, passed, dropped } = stage;
  const facts = [
    ['Rate', perSecond === null ? undefined : `${perSecond.toFixed(perSecond < 10 ? 1 : 0)}/s`],
    ['Lag', lagRecords === null ? undefined : `${lagRecords} records`],
    ['Waits', lagMs === null ? undefined : spanText(lagMs)],
    ['Received', received === null ? undefined : countText(received)],
    ['Passed', passed === null ? undefined : countText(passed)],
  ] as const;
  return (
    <li className={`box stage stage-${state}`}>
      <h2>{name}</h2>
      <p>
        {state}{' '}
        <span className="muted">since {agoText(msOf(sinceNs), nowMs).replace(' ago', '')}</span>
      </p>
      <dl className="stage-facts">
        {facts.map(([word, value]) => (
          <div key={word}>
            <dt>{word}</dt>
            <dd>{value ?? <span className="faint">unknown</span>}</dd>
          </div>
        ))}
        <div>
          <dt>Dropped</dt>
          <dd>
            {dropped.length === 0
              ? '0'
              : dropped.map(({ reason, count }) => `${reason} ${countText(count)}`).join(', ')}
          </dd>
        </div>
      </dl>
    </li>
  );
}
