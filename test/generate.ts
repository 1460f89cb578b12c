// Writes the files that are derived from code: JSON Schemas, OpenAPI, golden vectors and golden OCSF
// events (`npm run generate`).
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { vectors } from '@sandtrail/chain/vectors';
import { openApi } from '@sandtrail/console/contract/open-api';
import { goldenText } from '@sandtrail/forwarder/ocsf/golden';
import { dashboardText } from '@sandtrail/grafana/dashboard';
import { jsonSchemas } from '@sandtrail/schemas/json-schemas';
import { schemaSql } from '@sandtrail/store/schema-sql';

const schemas = new URL('../schemas/', import.meta.url);

writeFolder('json/', jsonSchemas());
writeFolder('vectors/', vectors());
writeFileSync(new URL('../services/console/open-api.json', import.meta.url), openApi());
writeFileSync(
  new URL('../services/forwarder/src/ocsf/fixtures/golden.ndjson', import.meta.url),
  goldenText(),
);
writeFileSync(new URL('../deploy/clickhouse/schema.sql', import.meta.url), schemaSql());

writeFileSync(new URL('../dashboards/grafana/sandtrail.json', import.meta.url), dashboardText());

/** Makes the folder hold these files and no others. */
function writeFolder(name: string, files: ReadonlyMap<string, string>): void {
  const folder = new URL(name, schemas);
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(folder)) if (!files.has(file)) rmSync(new URL(file, folder));
  for (const [file, text] of files) writeFileSync(new URL(file, folder), text);
}
