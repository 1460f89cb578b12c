// Golden vectors of the format: inputs and the exact bytes and hashes that every verifier must give.
import { encodeFrame, sealedPart } from '@sandtrail/schemas/frame';
import { encodeState, headOf, sealRecords, startChain } from './chain-state.ts';
import { encodeCheckpoint, signCheckpoint } from './checkpoint.ts';
import { CompactRange } from './compact-range.ts';
import { signContainment } from './containment-signature.ts';
import { privateKeyOfSeed, rawPublicKey } from './ed25519.ts';
import { hashOfHex, hexOf, sha256 } from './hash.ts';
import { heartbeatText, signHeartbeat } from './heartbeat.ts';
import { chainId } from './identity.ts';
import { leafOf } from './leaf.ts';
import { genesisLink, nextLink } from './link.ts';
import { signNote } from './note.ts';
import { extendRun, runHashStart } from './run-hash.ts';
import { formatVerifierKey } from './verifier-key.ts';

const place = { log: 'sandtrail', topic: 'events', partition: 2 };
const random = '000102030405060708090a0b0c0d0e0f';
const seed = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex');
const privateKey = privateKeyOfSeed(seed);
const keyName = 'sandtrail.example/signer';

/** Parts that a careless implementation reads wrongly: empty, not ASCII, with a NUL, not UTF-8. */
const records = [
  { header: '{"tenant":"a"}', body: '{"kind":"control.genesis"}', erasable: '' },
  { header: '{}', body: '{"text":"é \u{1f480} \u2028 \\u0000"}', erasable: 'salt' },
  { header: '', body: '', erasable: '' },
].map((parts) => ({
  header: Buffer.from(parts.header),
  body: Buffer.from(parts.body),
  erasable: Buffer.from(parts.erasable),
}));
const rawRecord = {
  header: Buffer.of(0x2f, 0xff),
  body: Buffer.of(0x00, 0x80, 0xfe),
  erasable: Buffer.of(0xff),
};
const frames = [...records, rawRecord];

/** The text of each file in `schemas/vectors`, by file name. */
export function vectors(): ReadonlyMap<string, string> {
  const files = {
    frame: frameVectors(),
    'chain-id': chainIdVectors(),
    leaf: leafVectors(),
    link: linkVectors(),
    tree: treeVectors(),
    note: noteVectors(),
    heartbeat: heartbeatVectors(),
    containment: containmentVectors(),
  };
  return new Map(
    Object.entries(files).map(([name, content]) => [
      `${name}.json`,
      `${JSON.stringify({ v: 1, ...content }, undefined, 2)}\n`,
    ]),
  );
}

function frameVectors() {
  const format =
    'u8 1, then header, body and erasable, each as u32be length and bytes; sealed: header and body with their lengths';
  const cases = frames.map((frame) => {
    const bytes = encodeFrame(frame);
    const { header, body, erasable } = frame;
    return { ...hexOfAll({ header, body, erasable, frame: bytes, sealed: sealedPart(bytes) }) };
  });
  const refused = [
    { frame: '', why: 'shorter than a frame' },
    { frame: '02000000000000000000000000', why: 'version 2' },
    { frame: '01000000000000000000000001', why: 'a part longer than the frame' },
    { frame: '0100000000000000000000000000', why: 'a byte after the frame' },
  ];
  return { format, cases, refused };
}

function chainIdVectors() {
  const format =
    'SHA-256 over the fields "sandtrail-chain-v1", log, topic, u32be partition, 16 random bytes, each after its u32be length';
  const places = [
    place,
    { log: 'sandtrai', topic: 'levents', partition: 2 },
    { log: 'é', topic: '', partition: 4_294_967_295 },
  ];
  return { format, cases: places.map((p) => ({ ...p, random, chain: hexOf(chainId(p, random)) })) };
}

function leafVectors() {
  const format =
    'entry = u64be offset, header and body with their u32be lengths; leaf = SHA-256(0x00, entry)';
  const offsets = [0n, 1n, 255n, 18_446_744_073_709_551_615n];
  const cases = frames.map((frame, i) => {
    const offset = offsets[i] ?? 0n;
    const sealed = sealedPart(encodeFrame(frame));
    const start = Buffer.alloc(8);
    start.writeBigUInt64BE(offset);
    return {
      offset: offset.toString(),
      entry: Buffer.concat([start, sealed]).toString('hex'),
      leaf: hexOf(leafOf(offset, sealed)),
    };
  });
  return { format, cases };
}

function linkVectors() {
  const format =
    'link before position 0 = SHA-256(0x03, chain); link = SHA-256(0x02, link before, u64be pos, leaf)';
  const chain = chainId(place, random);
  const sealed = frames.map((frame, i) => ({
    offset: BigInt(i),
    sealedPart: sealedPart(encodeFrame(frame)),
  }));
  const { seals, state } = sealRecords(startChain(chain), sealed);
  const rows = seals.map(({ pos, offset, leaf, link }) => ({
    pos: pos.toString(),
    offset: offset.toString(),
    ...hexOfAll({ leaf, link }),
  }));
  const far = 2n ** 40n + 1n;
  const leaf = sha256(Buffer.from('leaf'));
  const link = hexOf(nextLink(genesisLink(chain), far, leaf));
  return {
    format,
    chain: hexOf(chain),
    genesisLink: hexOf(genesisLink(chain)),
    rows,
    root: headOf(state).root,
    state: JSON.parse(encodeState(state)),
    far: { pos: far.toString(), leaf: hexOf(leaf), link },
  };
}

function treeVectors() {
  const format = 'RFC 6962, 2.1; leaf i is SHA-256(0x00, the decimal digits of i)';
  const range = new CompactRange();
  const cases = Array.from({ length: 18 }, (_, size) => {
    if (size > 0) range.append(sha256(Buffer.from(`\0${size - 1}`)));
    return { size, root: hexOf(range.root()), nodes: range.state().nodes.map(hexOf) };
  });
  return { format, cases };
}

function noteVectors() {
  const chain = hexOf(chainId(place, random));
  const checkpoint = {
    chain: hashOfHex(chain),
    size: 1_000_000n,
    root: sha256(Buffer.from('root')),
    link: sha256(Buffer.from('link')),
  };
  const note = signCheckpoint(checkpoint, { name: keyName, privateKey });
  const stranger = privateKeyOfSeed(Buffer.alloc(32, 1));
  const foreign = signNote(encodeCheckpoint(checkpoint), {
    name: 'stranger.example',
    privateKey: stranger,
  });
  return {
    format: 'C2SP signed-note and tlog-checkpoint; fourth line: link and base64',
    seed: seed.toString('hex'),
    key: formatVerifierKey(keyName, privateKey),
    chain,
    size: checkpoint.size.toString(),
    root: hexOf(checkpoint.root),
    link: hexOf(checkpoint.link),
    cases: [
      { note, verdict: 'verified' },
      { note: `${note}${foreign.slice(foreign.lastIndexOf('—'))}`, verdict: 'verified' },
      { note: foreign, verdict: 'unknown_key' },
      { note: note.replace('\n1000000\n', '\n1000001\n'), verdict: 'bad_signature' },
    ],
  };
}

function heartbeatVectors() {
  const bodies = ['{"a":1}', '{"a":2}', '{"a":"é"}'];
  let run = runHashStart;
  const runs = bodies.map((body) => {
    const bodyHash = sha256(Buffer.from(body));
    run = extendRun(run, bodyHash);
    return { body, bodyHash: hexOf(bodyHash), runHash: hexOf(run) };
  });
  const attestation = {
    stream: 'ebpf:node-1:3:sandbox-1:0',
    upToSeq: '2',
    runHash: hexOf(run),
    seen: '4',
    dropped: '1',
  };
  return {
    format: 'run hash = SHA-256(run hash before, SHA-256(body)), from 32 zero bytes; Ed25519',
    seed: seed.toString('hex'),
    publicKey: rawPublicKey(privateKey).toString('base64'),
    runs,
    attestation,
    text: heartbeatText(attestation),
    signature: signHeartbeat(attestation, privateKey),
  };
}

function containmentVectors() {
  const request = JSON.stringify({
    v: 1,
    id: hexOf(sha256(Buffer.from('request'))),
    act: 'contain',
    sandbox: 'sandbox-1',
    incarnation: 0,
    level: 'L2',
    incident: 'incident-1',
    reason: 'escape attempt',
    requester: { type: 'operator', name: 'someone' },
    requestedAtNs: '1764000000000000000',
    expiresAtNs: '1764000030000000000',
    nonce: random,
  });
  return {
    format: 'Ed25519 over the exact text of the request; key id: SHA-256(public key), 16 digits',
    seed: seed.toString('hex'),
    publicKey: rawPublicKey(privateKey).toString('base64'),
    signed: signContainment(request, privateKey),
  };
}

function hexOfAll(parts: Readonly<Record<string, Uint8Array>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(parts).map(([name, bytes]) => [name, Buffer.from(bytes).toString('hex')]),
  );
}
