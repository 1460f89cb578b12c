// Questions that wait for the answer with their number.

/** Pairs answers with questions; the number of those that wait is bounded. */
export class PendingAnswers<Answer> {
  readonly #waiting = new Map<number, Waiting<Answer>>();
  #next = 0;
  #failure: Error | undefined;

  /** Sends a question under a fresh number; rejects when it cannot be sent. */
  ask(send: (id: number) => boolean): Promise<Answer> {
    const id = this.#next;
    this.#next += 1;
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure);
      if (this.#waiting.size >= waitingMax) return reject(new RangeError('too many questions'));
      this.#waiting.set(id, { resolve, reject });
      if (!send(id)) this.fail(new Error('the connection is gone'));
    });
  }

  /** Hands an answer to whom it is for; one that nobody waits for is dropped. */
  settle(id: number, answer: Answer): void {
    this.#waiting.get(id)?.resolve(answer);
    this.#waiting.delete(id);
  }

  /** No answer will come any more. */
  fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

const waitingMax = 1024;

interface Waiting<Answer> {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}
