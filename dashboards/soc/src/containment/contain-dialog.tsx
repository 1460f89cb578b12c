// The sheet before a containment: which sandbox, which level, what stops, what is lost, and why.
import type { ContainRequest } from '@sandtrail/console/contract/containment';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type * as z from 'zod';
import { sandboxQuery } from '../sandbox/sandbox-queries.ts';
import { Choices } from '../shell/choices.tsx';
import { FormDialog } from '../shell/form-dialog.tsx';
import { ReasonField } from '../shell/reason-field.tsx';
import { Machine } from '../text/machine.tsx';
import { type AskedLevel, askedLevels, levelWords } from './levels.ts';

interface ContainDialogProps {
  readonly uid: string;
  readonly incarnation: number;
  readonly onDone: (body: z.input<typeof ContainRequest>) => void;
  readonly onClose: () => void;
}

/** The sheet. The level that is proposed is the next above the one that holds. */
export function ContainDialog({ uid, incarnation, onDone, onClose }: ContainDialogProps) {
  const { data: sandbox, isPending } = useQuery(sandboxQuery(uid, incarnation));
  const held = sandbox?.level ?? 'L0';
  const [picked, setPicked] = useState<AskedLevel>();
  const [reason, setReason] = useState('');
  const level = picked ?? askedLevels.find((each) => each > held) ?? 'L5';
  const { name, stops, loses } = levelWords[level];
  // Which levels are left is known first: a choice that is taken away would take the focus along.
  if (isPending) return null;
  return (
    <FormDialog
      act={`${name} this sandbox`.replace('template this sandbox', 'its template')}
      isReady={reason.trim() !== ''}
      onClose={onClose}
      onDone={() => onDone({ sandbox: uid, incarnation, level, reason: reason.trim() })}
      title="Contain a sandbox"
    >
      <dl className="facts">
        <dt>Sandbox</dt>
        <dd>
          {sandbox === undefined ? null : <Machine text={sandbox.name} />}{' '}
          <span className="machine-font muted">
            {uid} · incarnation {incarnation}
          </span>
        </dd>
        <dt>Stands at</dt>
        <dd>{sandbox === undefined ? 'not known yet' : `${held} ${levelWords[held].name}`}</dd>
      </dl>
      <Choices
        choices={askedLevels.map((each) => ({
          value: each,
          words: `${each} ${levelWords[each].name}`,
          off: each <= held,
        }))}
        legend="Level"
        name="level"
        onChoose={setPicked}
        value={level}
      />
      <dl className="facts">
        <dt>Stops</dt>
        <dd>{stops}</dd>
        <dt>Loses as evidence</dt>
        <dd>{loses}</dd>
      </dl>
      <ReasonField onChange={setReason} value={reason} />
    </FormDialog>
  );
}
