// The reason of an act: asked for, sealed with it.
interface ReasonFieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
}

const charsMax = 512;

/** One line, so that Enter does the act. */
export function ReasonField({ value, onChange }: ReasonFieldProps) {
  return (
    <label>
      <span className="form-dialog-word">Reason, sealed with the act</span>
      <input
        className="field"
        maxLength={charsMax}
        onChange={({ target }) => onChange(target.value)}
        required
        type="text"
        value={value}
      />
    </label>
  );
}
