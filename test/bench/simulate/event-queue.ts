/** The end of an invocation: lanes whose rest goes back to the queue, and how many it held. */
export interface InvocationEnd {
  readonly goOn: readonly number[];
  readonly lanes: number;
}

interface Entry {
  readonly at: number;
  /** Orders what happens at one time by when it was planned. */
  readonly order: number;
  /** Undefined: a look at the clock. */
  readonly event: InvocationEnd | undefined;
}

/** What will happen, earliest first: a binary heap. */
export class EventQueue {
  readonly #heap: Entry[] = [];
  #order = 0;

  add(at: number, event: InvocationEnd | undefined): void {
    const heap = this.#heap;
    const entry = { at, order: this.#order++, event };
    let place = heap.length;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = heap[parent] as Entry;
      if (!isBefore(entry, above)) break;
      heap[place] = above;
      place = parent;
    }
    heap[place] = entry;
  }

  pop(): Entry | undefined {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (!first || !last || heap.length === 0) return first;
    let place = 0;
    for (;;) {
      const left = 2 * place + 1;
      const [a, b] = [heap[left], heap[left + 1]];
      const least = a && b && isBefore(b, a) ? left + 1 : left;
      const child = heap[least];
      if (!child || !isBefore(child, last)) break;
      heap[place] = child;
      place = least;
    }
    heap[place] = last;
    return first;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
