/** One thing wrong with a definition. */
export interface Fault {
  /** The way to it: names of properties, indexes of lists. A name that should not be there is the last part. */
  readonly path: readonly string[];
  /** One sentence: the place, what is expected, what is there. */
  readonly message: string;
}

/** A place in a definition, from which faults are reported; all places of one definition share one list. */
export class Place {
  readonly path: readonly string[];
  readonly #faults: Fault[];

  constructor(faults: Fault[], path: readonly string[] = []) {
    this.#faults = faults;
    this.path = path;
  }

  at(name: string | number): Place {
    return new Place(this.#faults, [...this.path, String(name)]);
  }

  /** @param text - what follows the place's name in the sentence: `must be a list, not "x" (string).` */
  fault(text: string): void {
    const place = this.toString();
    this.#faults.push({ path: this.path, message: place === '' ? text : `${place} ${text}` });
  }

  /** A name that is not known here. */
  unknown(name: string, advice: string): void {
    const where = this.path.length === 0 ? '' : ` in ${this.toString()}`;
    this.#faults.push({ path: [...this.path, name], message: `Unknown option${where}: ${advice}` });
  }

  /** `pages.list.follow["a.next"]`; cut where a map that holds itself makes it endless. */
  toString(): string {
    const text = this.path
      .map((part, i) => (/^[\w$-]+$/.test(part) ? `${i === 0 ? '' : '.'}${part}` : `[${JSON.stringify(part)}]`))
      .join('');
    return text.length > 300 ? `${text.slice(0, 300)}…` : text;
  }
}
