// All keys, as `?` shows them.
import { keyMap, keyText } from '../keys/key-map.ts';
import { Dialog } from './dialog.tsx';
import './key-sheet.css';

const groups = ['Rows', 'View', 'Alerts', 'Go to'] as const;

/** The sheet. */
export function KeySheet({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog closing="Close the list of keys" onClose={onClose} size={640} title="Keys">
      <div className="key-sheet">
        {groups.map((group) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {keyMap
                .filter((entry) => entry.group === group)
                .map(({ act, keys, words }) => (
                  <div key={act}>
                    <dt>
                      {keys.map((key) => (
                        <kbd key={key}>{keyText(key)}</kbd>
                      ))}
                    </dt>
                    <dd>{words}</dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
