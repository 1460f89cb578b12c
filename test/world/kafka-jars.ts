// Apache Kafka's jars from Maven Central, fetched once and kept in the user's cache folder by version.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

const version = '4.1.0';
const fetchMsMax = 300_000;

const dependency = (group: string, artifact: string, version: string) =>
  `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion>
<groupId>sandtrail</groupId><artifactId>kafka</artifactId><version>1</version>
<dependencies>
${dependency('org.apache.kafka', 'kafka_2.13', version)}
${dependency('org.slf4j', 'slf4j-simple', '1.7.36')}
</dependencies>
</project>`;

/** The class path of a broker; some 50 MB are fetched when they are not there yet. */
export function kafkaClassPath(): string {
  const cache = process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache');
  const folder = path.join(cache, 'sandtrail', `kafka-${version}`);
  if (!existsSync(folder)) fetchInto(folder);
  return path.join(folder, '*');
}

/** Whole or not at all: another run may do the same. */
function fetchInto(folder: string): void {
  mkdirSync(path.dirname(folder), { recursive: true });
  const draft = mkdtempSync(`${folder}-`);
  try {
    writeFileSync(path.join(draft, 'pom.xml'), pom);
    const words = ['-q', '-B', 'dependency:copy-dependencies', '-DoutputDirectory=lib'];
    execFileSync('mvn', words, { cwd: draft, stdio: 'pipe', timeout: fetchMsMax });
    renameSync(path.join(draft, 'lib'), folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}
