import type { FunctionFailure } from './function-messages.ts';

/** Something that went wrong in the local cloud and that no summary tells of. */
export type Problem =
  /** An invocation gave no answer; its messages or its upload come back. */
  | { readonly kind: 'function'; readonly failure: FunctionFailure }
  /** An upload was given up after all tries. */
  | { readonly kind: 'upload'; readonly key: string; readonly failure: FunctionFailure }
  /** The embedded SQS or S3 refused a call of the local cloud itself. */
  | { readonly kind: 'service'; readonly error: unknown };

export type OnProblem = (problem: Problem) => void;

/** One line for a person. */
export function describeProblem(problem: Problem): string {
  if (problem.kind === 'service') return `The embedded SQS or S3 failed: ${String(problem.error)}`;
  const { function: name, kind, message } = problem.failure;
  if (problem.kind === 'upload') return `${problem.key} was given up: function ${name} failed on it each time (${kind}): ${message}`;
  return `Function ${name} failed (${kind}): ${message}`;
}
