import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeEventKey } from '../../../infra/local/s3-event.ts';
import { failedMessageIds } from '../../../infra/local/sqs-event.ts';

test('a key in an S3 event reads back as form decoding gives it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (key) => {
      const encoded = encodeEventKey(key);
      expect(encoded).toMatch(/^[\w.*+/%-]+$/);
      expect(decodeURIComponent(encoded.replaceAll('+', ' '))).toBe(key);
    }),
  );
});

test.each([
  ['nothing', undefined, []],
  ['null', null, []],
  ['an object without the list', {}, []],
  ['a null list', { batchItemFailures: null }, []],
  ['an empty list', { batchItemFailures: [] }, []],
  ['one id of the batch', { batchItemFailures: [{ itemIdentifier: 'b' }] }, ['b']],
  ['an id that is not of the batch', { batchItemFailures: [{ itemIdentifier: 'x' }] }, ['a', 'b']],
  ['an empty id', { batchItemFailures: [{ itemIdentifier: '' }] }, ['a', 'b']],
  ['an entry without an id', { batchItemFailures: [{}] }, ['a', 'b']],
  ['a list that is no list', { batchItemFailures: 'b' }, ['a', 'b']],
  ['text', 'ok', ['a', 'b']],
])('a handler that answers with %s fails what Lambda says', (_name, answer, failed) => {
  const messages = ['a', 'b'].map((messageId) => ({ messageId, receiptHandle: '', body: '', md5OfBody: '', attributes: {} }));
  expect([...failedMessageIds(answer, messages)].toSorted()).toEqual(failed);
});
