import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { isIPv4 } from 'node:net';

/** A certificate with its key, PEM; made when a test needs it, so none in the tree can expire. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  readonly subject: string;
  readonly privateKey: KeyObject;
}

export interface CertificateOptions {
  readonly subject: string;
  /** Signs it; absent: the certificate signs itself. */
  readonly issuer?: Certificate;
  /** Host names and IPv4 addresses that it is good for. */
  readonly names?: readonly string[];
  readonly isAuthority?: boolean;
  /** Days from now. */
  readonly fromDays?: number;
  readonly toDays?: number;
}

/** @see RFC 5280, section 4.1 (the ASN.1 of a certificate). */
export function makeCertificate(options: CertificateOptions): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { subject, issuer, names = [], isAuthority = false, fromDays = -1, toDays = 2 } = options;
  const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'));
  const altNames = names.map((name) => (isIPv4(name) ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name))));
  const extensions = [
    sequence(oid('551d13'), der(0x01, Buffer.from([0xff])), octets(isAuthority ? sequence(der(0x01, Buffer.from([0xff]))) : sequence())),
    ...(altNames.length > 0 ? [sequence(oid('551d11'), octets(sequence(...altNames)))] : []),
  ];
  const tbs = sequence(
    der(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([0x01]), randomBytes(8)])),
    ecdsaWithSha256,
    commonName(issuer?.subject ?? subject),
    sequence(time(fromDays), time(toDays)),
    commonName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', tbs, issuer?.privateKey ?? privateKey);
  const certificate = sequence(tbs, ecdsaWithSha256, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    subject,
    privateKey,
  };
}

function der(tag: number, content: Uint8Array): Buffer {
  const { length } = content;
  const head = length < 128 ? [tag, length] : length < 256 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

function integer(bytes: Uint8Array): Buffer {
  return der(0x02, bytes);
}

function octets(content: Uint8Array): Buffer {
  return der(0x04, content);
}

function commonName(name: string): Buffer {
  return sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(name)))));
}

function time(days: number): Buffer {
  const iso = new Date(Date.now() + days * 86_400_000).toISOString();
  return der(0x18, Buffer.from(`${iso.replaceAll(/\D/g, '').slice(0, 14)}Z`));
}
