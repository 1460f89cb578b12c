// Cuts a stream of bytes into lines of bounded length.

/** Longest line that is read, in UTF-16 units: a row of 1 MiB with all its escapes fits. */
export const lineSizeMax = 4_194_304;

/**
 * The lines of UTF-8 text, without their newlines. Of a line that is too long only the first
 * `lineSizeMax + 1` units are given, so that its reader sees that it is too long; memory stays
 * bounded whatever comes.
 */
export async function* splitLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8');
  let rest = '';
  for await (const chunk of chunks) {
    const text = rest + decoder.decode(chunk, { stream: true });
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      yield bounded(text.slice(from, end));
      from = end + 1;
    }
    rest = bounded(text.slice(from));
  }
  rest += decoder.decode();
  if (rest !== '') yield rest;
}

function bounded(line: string): string {
  return line.length > lineSizeMax ? line.slice(0, lineSizeMax + 1) : line;
}
