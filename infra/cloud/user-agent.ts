import { UsageError } from '../../functions/job/errors.ts';
import { optionTable } from '../../functions/options.ts';

/** An e-mail address or URL, in characters that a User-Agent comment may hold (RFC 9110, section 5.6.5). */
const CONTACT = /^(?:[^\s@()<>\\"]+@[^\s@()<>\\"]+\.[^\s@()<>\\"]+|https:\/\/[^\s()<>\\"]+)$/;

/**
 * The User-Agent of a deployment: the product with the operator's contact as its comment, or alone where there is none.
 *
 * @throws {UsageError} code `bad-contact`.
 */
export function userAgent(contact: string | undefined): string {
  if (contact === undefined) return optionTable.userAgent.default;
  if (!CONTACT.test(contact)) {
    throw new UsageError(
      'bad-contact',
      `The contact ${JSON.stringify(contact)} is no e-mail address and no https URL: write it as you@example.org or https://example.org/bot.`,
    );
  }
  return `${optionTable.userAgent.default} (+${contact})`;
}
