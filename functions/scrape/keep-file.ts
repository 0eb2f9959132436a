import { PassThrough } from 'node:stream';
import type { ObjectStore } from '../aws/objects.ts';
import type { FetchedFile, Fetcher, FetchRequest, RedirectedElsewhere } from '../fetch/types.ts';

/** The bucket refused a file: no fault of the page, so the batch has to come back. */
export class StoreFailure extends Error {
  override readonly name = 'StoreFailure';
}

/**
 * Streams a file from the web into the bucket, in constant memory: visible whole at the end or not at all, and a repeat overwrites it
 * with itself.
 *
 * @throws {RequestError} when the fetch fails; {@link StoreFailure} when the write does.
 */
export async function keepFile(
  fetcher: Fetcher,
  objects: ObjectStore,
  request: FetchRequest,
  key: string,
): Promise<FetchedFile | RedirectedElsewhere> {
  let upload: Promise<void> | undefined;
  let failure: StoreFailure | undefined;
  try {
    return await fetcher.fetchFile(request, ({ contentType }) => {
      const body = new PassThrough();
      // Heard of through the fetch or the upload; without a listener it would end the process.
      body.on('error', () => {});
      upload = objects.putStream(key, body, { contentType }).catch((error: unknown) => {
        // A fetch that breaks off destroys the body, and the upload fails with it.
        if (body.errored) return;
        failure = new StoreFailure(`${key} could not be written.`, { cause: error });
        body.destroy(failure);
      });
      return body;
    });
  } finally {
    await upload;
    // oxlint-disable-next-line no-unsafe-finally -- what the fetch says of it is only what the failed write did to it
    if (failure) throw failure;
  }
}
