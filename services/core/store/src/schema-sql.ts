// The schema as one file of SQL, for a server whose administrator makes the tables.
import { ledger, migrations } from './migrations.ts';

/** Every step, and the ledger that says so; run in the database that `store.url` names. */
export function schemaSql(): string {
  const steps = migrations.flatMap(({ number, name, statements }) => [
    ...statements,
    `INSERT INTO migrations (number, name) SELECT ${number}, '${name}'
WHERE ${number} > (SELECT max(number) FROM migrations)`,
  ]);
  const head =
    '-- Written by `npm run generate`: the tables of Sandtrail, for an administrator to make.\n';
  return head + [ledger, ...steps].map((sql) => `${sql.trim()};\n`).join('\n');
}
