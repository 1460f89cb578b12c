// Results of statements, read whole or line by line.
import { StringDecoder } from 'node:string_decoder';

/** A result as one text; for results of a few rows. */
export async function textOf(result: AsyncIterable<Buffer>): Promise<string> {
  return (await bytesOf(result)).toString();
}

/** A result as bytes; for results that are known to fit. */
export async function bytesOf(result: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of result) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A result's lines as they come, without their line ends. */
export async function* linesOf(result: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of result) {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  rest += decoder.end();
  if (rest !== '') yield rest;
}
