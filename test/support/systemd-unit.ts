/** Units of systemd: sections of `Name=value` lines, where a name may stand several times (systemd.syntax(7)). */

/** The values of each name in each section, in their order. */
export type Unit = Record<string, Record<string, string[]>>;

/** Reads a unit. Throws at a line that is none of its kind. */
export function readUnit(text: string): Unit {
  const unit: Unit = {};
  let section: Record<string, string[]> = {};
  for (const line of text.split('\n').filter((one) => one !== '' && !/^[#;]/.test(one))) {
    const [, title, name = '', value = ''] = /^(?:\[(\w+)\]|(\w+)=(.*))$/.exec(line) ?? [];
    if (title === undefined && name === '') throw new Error(`not a line of a unit: ${line}`);
    if (title !== undefined) section = unit[title] ??= {};
    else (section[name] ??= []).push(value);
  }
  return unit;
}
