// Text that came from a machine or an agent: text nodes only, unsafe code points by name.
import { memo } from 'react';
import { piecesOf } from './code-points.ts';
import './machine.css';

interface MachineProps {
  readonly text: string;
  /** Agents' prose is set as speech; everything else as machine text. */
  readonly speech?: boolean;
  /** Code points shown at most; a row needs no more than it can show. */
  readonly charsMax?: number;
  /** Line feeds break the line; only for texts that nobody in a sandbox wrote. */
  readonly hasLines?: boolean;
}

/** Shows hostile text. Nothing in it is ever markup, a link or a colour. */
export const Machine = memo(function Machine(props: MachineProps) {
  const { text, speech, charsMax = 65_536, hasLines = false } = props;
  const shown = text.length > charsMax ? `${text.slice(0, charsMax)}…` : text;
  return (
    // Each text stands in an embedding of its own: what is right to left stays inside.
    <bdi className={speech === true ? 'machine machine-speech' : 'machine'}>
      {piecesOf(shown).map((piece, at) =>
        piece.mark === undefined || (hasLines && piece.text === '\n') ? (
          piece.text
        ) : (
          <span className="machine-mark" key={at}>
            {piece.mark}
          </span>
        ),
      )}
    </bdi>
  );
});
