// A program: opens sockets where it stands, says their numbers, and holds them until its stdin ends.
import * as z from 'zod';
import { listenHere } from './namespace-listen.ts';

const Addresses = z
  .array(z.strictObject({ protocol: z.enum(['tcp', 'udp']), address: z.ipv4(), port: z.int() }))
  .max(8);

const lent = Addresses.parse(JSON.parse(process.argv[2] ?? '')).map(listenHere);
process.stdout.write(`${JSON.stringify(lent)}\n`);
process.stdin.resume();
