/** A name server for tests (RFC 1035), over UDP and TCP: it notes what it is asked, and answers as it is told. */
import dgram from 'node:dgram';
import { once } from 'node:events';
import net, { isIPv6 } from 'node:net';
import { expect, onTestFinished } from 'vitest';

/** A question. */
export type Question = { name: string; type: 'A' | 'AAAA' | 'other' };

/** What is answered: a code (2 is SERVFAIL, 3 NXDOMAIN), names that lead to each other, and addresses that the last of them has; `ttl` in s. */
export type DnsAnswer = { code?: number; aliases?: readonly string[]; addresses?: readonly string[]; ttl?: number };

/** A running name server. */
export type Dns = {
  /** Its address, as resolvers take it. */
  server: string;
  questions: Question[];
  /** Resolves when so many questions have come in all. */
  asked(count: number): Promise<Question[]>;
};

/** The longest answer over UDP, in bytes; a longer one is to be asked for over TCP. */
const MAX_UDP = 1232;

const TYPES = new Map<number, Question['type']>([
  [1, 'A'],
  [28, 'AAAA'],
]);

/** Starts one; it stops with the test. `answerTo`: what to answer; undefined for nothing at all. */
export async function startDns(answerTo: (question: Question) => DnsAnswer | undefined | Promise<DnsAnswer | undefined>): Promise<Dns> {
  const questions: Question[] = [];
  const reply = async (query: Buffer): Promise<Buffer | undefined> => {
    const { question, end } = readQuestion(query);
    questions.push(question);
    const answer = await answerTo(question);
    return answer && writeAnswer(query.subarray(0, end), question, answer);
  };

  const tcp = net.createServer((socket) => {
    let got: Buffer = Buffer.alloc(0);
    const answerTcp = async (query: Buffer): Promise<void> => {
      const answer = await reply(query);
      if (answer) socket.write(Buffer.concat([uint16(answer.length), answer]));
    };
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      got = Buffer.concat([got, chunk]);
      while (got.length >= 2 && got.length >= 2 + got.readUInt16BE(0)) {
        const end = 2 + got.readUInt16BE(0);
        void answerTcp(got.subarray(2, end));
        got = got.subarray(end);
      }
    });
  });
  const udp = dgram.createSocket('udp4');
  await once(tcp.listen(0, '127.0.0.1'), 'listening');
  const { port } = tcp.address() as net.AddressInfo;
  await once(udp.bind(port, '127.0.0.1'), 'listening');
  let isOpen = true;
  onTestFinished(() => {
    isOpen = false;
    udp.close();
    tcp.close();
  });
  const answerUdp = async (query: Buffer, from: dgram.RemoteInfo): Promise<void> => {
    const answer = await reply(query);
    if (!answer || !isOpen) return;
    udp.send(answer.length <= MAX_UDP ? answer : truncated(answer), from.port, from.address);
  };
  udp.on('message', (query, from) => void answerUdp(query, from));
  return {
    server: `127.0.0.1:${port}`,
    questions,
    async asked(count) {
      await expect.poll(() => questions.length, { interval: 10 }).toBeGreaterThanOrEqual(count);
      return questions;
    },
  };
}

/** The head of an answer that is too long for UDP: it is to be asked for over TCP. */
function truncated(answer: Buffer): Buffer {
  const head = Buffer.from(answer.subarray(0, readQuestion(answer).end));
  head.writeUInt16BE(head.readUInt16BE(2) | 0x0200, 2);
  head.writeUInt32BE(0, 6);
  return head;
}

/** The first question of a query, and where it ends. */
function readQuestion(query: Buffer): { question: Question; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { question: { name: labels.join('.'), type: TYPES.get(query.readUInt16BE(at + 1)) ?? 'other' }, end: at + 5 };
}

/** An answer to the head and the question of a query. */
function writeAnswer(asked: Buffer, { name, type }: Question, { code = 0, aliases = [], addresses = [], ttl = 60 }: DnsAnswer): Buffer {
  const fitting = addresses.filter((address) => isIPv6(address) === (type === 'AAAA'));
  const chain = [name, ...aliases];
  const records = [
    ...aliases.map((alias, n) => record(chain[n] ?? '', 5, ttl, nameOf(alias))),
    ...fitting.map((address) => record(chain.at(-1) ?? '', type === 'AAAA' ? 28 : 1, ttl, bytesOf(address))),
  ];
  const head = Buffer.from(asked);
  head.writeUInt16BE(0x8180 | code, 2);
  head.writeUInt16BE(records.length, 6);
  head.writeUInt32BE(0, 8);
  return Buffer.concat([head, ...records]);
}

function record(name: string, type: number, ttl: number, data: Buffer): Buffer {
  const seconds = Buffer.alloc(4);
  seconds.writeUInt32BE(ttl);
  return Buffer.concat([nameOf(name), uint16(type), uint16(1), seconds, uint16(data.length), data]);
}

function nameOf(name: string): Buffer {
  return Buffer.concat([
    ...name.split('.').map((label) => Buffer.from(String.fromCharCode(label.length) + label, 'latin1')),
    Buffer.alloc(1),
  ]);
}

/** The bytes of an address; of IPv6, one that is written out or has one gap. */
function bytesOf(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split('.').map(Number));
  const [before = [], after = []] = address.split('::').map((half) => half.split(':').filter((group) => group !== ''));
  const groups = [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after];
  return Buffer.concat(groups.map((group) => uint16(Number.parseInt(group, 16))));
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}
