// The few fields of a body that the verifier needs of every row, read without parsing it whole.

/** Which stream a body belongs to, its place in it, and its kind. */
export interface BodyStart {
  readonly kind: string;
  readonly stream: string;
  readonly seq: string;
}

/** Bytes within which the kit's own fields stand; a body of another shape is parsed whole. */
const startBytes = 320;
/** The order in which the kit writes them; a body in another order costs a little more to read. */
const usual = /^\{"v":1,"stream":"([^"\\]*)","seq":"(\d+)","kind":"([^"\\]*)"[,}]/;
const field = /[{,]"(kind|v|stream|seq|observedAtNs)":(?:"([^"\\]*)"|\d+)(?=[,}])/y;

/** The body's kind, stream and sequence number, or undefined where it has none. */
export function readBodyStart(body: Buffer): BodyStart | undefined {
  const text = body.toString('latin1', 0, Math.min(body.length, startBytes));
  const inOrder = usual.exec(text);
  if (inOrder !== null) {
    const [, stream = '', seq = '', kind = ''] = inOrder;
    return { kind, stream, seq };
  }
  let kind: string | undefined;
  let stream: string | undefined;
  let seq: string | undefined;
  field.lastIndex = 0;
  for (let found = field.exec(text); found !== null; found = field.exec(text)) {
    const [, name, value] = found;
    if (name === 'kind') kind = value;
    else if (name === 'stream') stream = value;
    else if (name === 'seq') seq = value;
    if (kind !== undefined && stream !== undefined && seq !== undefined)
      return { kind, stream, seq };
  }
  return parseWhole(body);
}

/** The value of a body that is JSON, or undefined. */
export function parseBody(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    // Whatever stands in a sealed row is only read: bytes that are no JSON have no fields.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function parseWhole(body: Buffer): BodyStart | undefined {
  const value = parseBody(body);
  if (typeof value !== 'object' || value === null) return undefined;
  if (!('kind' in value && 'stream' in value && 'seq' in value)) return undefined;
  const { kind, stream, seq } = value;
  if (typeof kind !== 'string' || typeof stream !== 'string' || typeof seq !== 'string')
    return undefined;
  return { kind, stream, seq };
}

/** When the gateway took the record, from its header: nanoseconds, or undefined. */
export function receivedAtNs(header: Buffer): bigint | undefined {
  // A quote inside a JSON string is escaped, so this can only be the field itself.
  const digits = /"receivedAtNs":"(\d{1,20})"/.exec(header.toString('latin1'))?.[1];
  return digits === undefined ? undefined : BigInt(digits);
}
