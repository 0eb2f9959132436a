import { createSocket } from 'node:dgram';
import { onTestFinished } from 'vitest';

export interface NameServer {
  /** `127.0.0.1:port` */
  readonly address: string;
  /** Names asked for, in order: `A host`, `AAAA host`. */
  readonly asked: readonly string[];
}

/** What a name has: IPv4 addresses and their TTL in seconds; `undefined` = no such name; or no answer at all, or a failure. */
export type Zone = (
  host: string,
  question: number,
) => { readonly addresses: readonly string[]; readonly ttl: number } | undefined | 'silence' | 'failure';

/** A DNS server on loopback for one test. It answers A questions from the zone and has no AAAA records. @see RFC 1035, section 4. */
export async function startNameServer(zone: Zone): Promise<NameServer> {
  const asked: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (question, from) => {
    const { host, type, end } = readQuestion(question);
    asked.push(`${type === 28 ? 'AAAA' : 'A'} ${host}`);
    const found = zone(host, asked.length);
    if (found === 'silence') return;
    const failed = found === 'failure';
    const addresses = type === 1 && !failed ? (found?.addresses ?? []) : [];
    const head = Buffer.alloc(12);
    question.copy(head, 0, 0, 2);
    // An answer, recursion available; code 2 = server failure, 3 = no such name.
    head.writeUInt16BE(failed ? 0x8182 : found ? 0x8180 : 0x8183, 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(addresses.length, 6);
    const records = addresses.map((address) => {
      const record = Buffer.alloc(16);
      record.writeUInt16BE(0xc00c, 0);
      record.writeUInt16BE(1, 2);
      record.writeUInt16BE(1, 4);
      record.writeUInt32BE(failed ? 0 : (found?.ttl ?? 0), 6);
      record.writeUInt16BE(4, 10);
      Buffer.from(address.split('.').map(Number)).copy(record, 12);
      return record;
    });
    socket.send(Buffer.concat([head, question.subarray(12, end), ...records]), from.port, from.address);
  });
  await new Promise<void>((resolve) => void socket.bind(0, '127.0.0.1', resolve));
  onTestFinished(() => void socket.close());
  return { address: `127.0.0.1:${socket.address().port}`, asked };
}

function readQuestion(message: Buffer): { readonly host: string; readonly type: number; readonly end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = message.readUInt8(at); length > 0; length = message.readUInt8(at)) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += length + 1;
  }
  return { host: labels.join('.').toLowerCase(), type: message.readUInt16BE(at + 1), end: at + 5 };
}
