// Severity as a filled chip: a shape and a word of its own, never a colour alone.
import type { Severity } from '@sandtrail/schemas/scalars';
import { severityShape } from './severity-rank.ts';
import './severity-chip.css';

interface SeverityChipProps {
  readonly severity: Severity;
  /** What stands in the chip beside the shape: the severity's own word unless told. */
  readonly word?: string;
}

/** The chip. With another word than its own, the severity is said to who does not see shapes. */
export function SeverityChip({ severity, word = severity }: SeverityChipProps) {
  return (
    <span className={`severity-chip severity-${severity}`}>
      <span aria-hidden="true">{severityShape[severity]}</span>
      {word.toLowerCase().includes(severity) ? null : (
        <span className="visually-hidden">{severity}: </span>
      )}
      <span className="severity-word">{word}</span>
    </span>
  );
}
