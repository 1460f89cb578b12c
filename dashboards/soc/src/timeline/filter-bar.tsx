// The filter above a list of events: text, families, findings, and how much of all is shown.
import type { Family } from '@sandtrail/console/contract/family';
import { IconSearch } from '@tabler/icons-react';
import { type ReactNode, useRef } from 'react';
import { families } from '../family/families.ts';
import { FamilyMark } from '../family/family-mark.tsx';
import { useKeys } from '../keys/use-keys.ts';
import { type Filter, withoutOf } from './filter.ts';
import './filter-bar.css';

interface FilterBarProps {
  readonly filter: Filter;
  readonly onFilter: (change: Filter) => void;
  /** How much is shown of how much. */
  readonly count: ReactNode;
  readonly children?: ReactNode;
}

/** The bar. Each press changes the address, so that a filter can be sent to somebody. */
export function FilterBar({ filter, onFilter, count, children }: FilterBarProps) {
  const field = useRef<HTMLInputElement>(null);
  const without = withoutOf(filter);
  useKeys({ filter: () => field.current?.focus() });
  const turn = (family: Family) => {
    const next = without.includes(family)
      ? without.filter((each) => each !== family)
      : [...without, family];
    onFilter({ without: next.length === 0 ? undefined : next.join(',') });
  };
  return (
    <search className="filter-bar">
      <label className="filter-field">
        <IconSearch aria-hidden="true" size={14} />
        <span className="visually-hidden">Filter by text, kind, path or host</span>
        <input
          onChange={({ target: { value } }) => onFilter({ q: value === '' ? undefined : value })}
          onKeyDown={({ key, currentTarget }) => {
            if (key === 'Enter') currentTarget.blur();
          }}
          placeholder="Filter: text, kind, path, host"
          ref={field}
          type="text"
          value={filter.q ?? ''}
        />
        <kbd>/</kbd>
      </label>
      {families.map((family) => (
        <button
          aria-pressed={!without.includes(family)}
          className="filter-chip"
          key={family}
          onClick={() => turn(family)}
          type="button"
        >
          <FamilyMark family={family} /> {family}
        </button>
      ))}
      <button
        aria-pressed={filter.findings === 'only'}
        className="filter-chip"
        onClick={() => onFilter({ findings: filter.findings === 'only' ? undefined : 'only' })}
        type="button"
      >
        findings only
      </button>
      <span className="filter-count muted" role="status">
        {count}
      </span>
      {children}
    </search>
  );
}
