/** How the characters of a text become text. */
export const TextKind = {
  /** As they stand. */
  raw: 0,
  /** With character references. */
  data: 1,
} as const;

/** Added to the kind of a text that belongs to the same node of the tree as the text before it. */
export const CONTINUES = 2;

/** What is neither element nor text. */
export const NoteKind = { comment: 0, doctype: 1 } as const;

/** Takes the elements and texts of a page, in document order. */
export interface ScanSink {
  /** An element begins; its attributes are the scanner's until this returns. The depth of the outermost is 1. */
  open(name: number, depth: number): void;
  /** An element ends, a void one right after it began. */
  close(name: number, depth: number): void;
  text(start: number, end: number, kind: number): void;
  /** A blank text beside the html element. */
  blank(start: number, end: number, kind: number): void;
  /** A comment or a document type, `depth` elements deep. */
  note(start: number, end: number, kind: number, depth: number): void;
  /** A further `html` tag adds its attributes to the element. Throws {@link Undecided} where that comes too late. */
  joinHtml(): void;
  /** Nothing more is wanted: the scan stops. */
  readonly done: boolean;
}
