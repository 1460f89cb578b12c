// A choice of one: radio buttons, the first in focus when a dialog opens.
interface ChoicesProps<T extends string> {
  readonly legend: string;
  readonly name: string;
  readonly choices: readonly {
    readonly value: T;
    readonly words: string;
    readonly off?: boolean;
  }[];
  readonly value: T;
  readonly onChoose: (value: T) => void;
}

/** The choices; arrows move between them. */
export function Choices<T extends string>({
  legend,
  name,
  choices,
  value,
  onChoose,
}: ChoicesProps<T>) {
  return (
    <fieldset>
      <legend>{legend}</legend>
      {choices.map((choice) => (
        <label className="form-dialog-choice" key={choice.value}>
          <input
            checked={choice.value === value}
            data-autofocus={choice.value === value ? true : undefined}
            disabled={choice.off === true}
            name={name}
            onChange={() => onChoose(choice.value)}
            type="radio"
          />
          {choice.words}
        </label>
      ))}
    </fieldset>
  );
}
