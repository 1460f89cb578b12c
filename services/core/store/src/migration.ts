// A migration: one numbered step of the store's schema. A step that has run is never edited.

/** Statements that run once, in order; each can run again after a crash half way. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly statements: readonly string[];
}
