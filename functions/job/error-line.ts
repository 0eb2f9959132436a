import type { RequestError } from './errors.ts';
import type { Request } from './request.ts';
import type { ErrorLine } from './result.ts';

/** An error line reads back as an input line, so it carries whatever the request was made of. */
export function errorLine(request: Request, error: RequestError, firstPage: string, at: Date): ErrorLine {
  return {
    url: request.url,
    page: request.page ?? firstPage,
    code: error.code,
    message: error.message,
    ...(error.status !== undefined && { status: error.status }),
    attempts: request.attempts ?? 0,
    at: at.toISOString(),
    ...(request.data !== undefined && { data: request.data }),
    ...(request.method !== undefined && { method: request.method }),
    ...(request.headers !== undefined && { headers: request.headers }),
    ...(request.body !== undefined && { body: request.body }),
    ...(request.depth !== undefined && { depth: request.depth }),
    ...(request.file !== undefined && { file: request.file }),
  };
}
