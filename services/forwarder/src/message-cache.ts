// Messages as another destination got them a moment ago: a row is mapped once for all that want it whole.
import type { Message } from './output.ts';

/** Some thousands of messages; destinations that keep up read the same rows at the same time. */
const charsMax = 16 * 1024 * 1024;

/** Whole messages by their uid, the oldest go first. */
export class MessageCache {
  readonly #messages = new Map<string, Message>();
  #chars = 0;

  get(uid: string): Message | undefined {
    return this.#messages.get(uid);
  }

  put(message: Message): void {
    if (this.#messages.has(message.uid)) return;
    this.#messages.set(message.uid, message);
    this.#chars += message.text.length;
    if (this.#chars <= charsMax) return;
    for (const [uid, { text }] of this.#messages) {
      this.#messages.delete(uid);
      this.#chars -= text.length;
      if (this.#chars <= charsMax) return;
    }
  }
}
