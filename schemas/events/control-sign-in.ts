// Somebody signed in to the console, was refused, or left: by a link that the admin socket gave out.
import * as z from 'zod';
import { event } from '../src/body.ts';
import { text } from '../src/scalars.ts';

export const ControlSignIn = event(
  'control.sign_in',
  {
    /** `linked`: a link was made; `ended`: signed out, expired, or ended by somebody else. */
    act: z.enum(['linked', 'signed_in', 'refused', 'ended']),
    /** Empty where nobody is known, as with a token that never was. */
    actor: text(128),
    role: text(16),
    /** The session's public name, once there is one. */
    session: text(16),
    /** Why, and how often where refusals alike were put together; never the token. */
    detail: text(256),
  },
  { senders: ['gateway'], freeText: [] },
);
