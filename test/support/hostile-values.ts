import { createHmac } from 'node:crypto';
import type { Id } from '../../src/platform/ids/ids.js';

/** Whom the requests are aimed at, and what an attacker could know or have of them. */
export interface Target {
  userId: Id;
  username: string;
  postId: Id;
  notificationId: Id;
  sessionId: Id;
  refreshToken: string;
  expiredToken: string;
  idempotencyKey: string;
}

export const NASTY = [
  "'; DROP TABLE users; --",
  "' OR '1'='1",
  '1); DELETE FROM posts WHERE (1=1',
  '%_\\',
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  '\0',
  'a\0b',
  '\ud800',
  'x\udfff\ud800y',
  '\u202eevil\u202c',
  'مرحبا بالعالم',
  '👩‍👩‍👧‍👦🏴‍☠️',
  '𝕊𝕝𝕦𝕚𝕔𝕖',
  'Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢',
  '\ufeff',
  '../../../../etc/passwd',
  '${jndi:ldap://x/y}',
  '{{7*7}}',
  'a\r\nx-injected: 1',
  'x'.repeat(300),
  'é'.repeat(6_000),
  '@'.repeat(500),
  '@a '.repeat(2_000),
  '',
  ' ',
] as const;
export const NUMBERS = ['0', '-0', '-1', '1.5', '1e9', '1e999', 'NaN', 'Infinity', '0x1f', '٣', '007', '+5'];
export const BIG = [
  '2147483648',
  '9007199254740993',
  '9223372036854775807',
  '9223372036854775808',
  '9'.repeat(400),
];
export const PROTOTYPE = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '$where',
  'then',
];
export const RAW_BODIES = [
  '',
  '{',
  'null',
  '[]',
  '"text"',
  '0',
  '{"a":1,}',
  '{"a":1}{"b":2}',
  '\ufeff{}',
  "{'a':1}",
  '{"__proto__":{"role":"admin"}}',
  '{"constructor":{"prototype":{"role":"admin"}}}',
  '{"body":"a","body":"b","kind":"friend","kind":"block"}',
  '['.repeat(20_000),
  '['.repeat(60_000) + ']'.repeat(60_000),
  '{"a":'.repeat(5_000) + '1' + '}'.repeat(5_000),
  'username=a&password=b&__proto__[x]=1&a[]=1&a[]=2',
  '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--',
  '\xff\xfe\x00{',
  JSON.stringify({ body: 'x'.repeat(200_000) }),
];
export const CONTENT_TYPES = [
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'multipart/form-data',
  'application/xml',
  'application/json; charset=utf-16',
  'application/json; charset=\xff',
  'application/vnd.api+json',
  'application/octet-stream',
  'APPLICATION/JSON',
  'json',
  ';',
  '',
];
export const HEADERS: [string, string][] = [
  ['host', 'evil.example'],
  ['host', '[::'],
  ['host', 'a b'],
  ['host', '%'],
  ['host', 'x:99999'],
  ['x-forwarded-for', '127.0.0.1, \'"<>'],
  ['x-forwarded-host', '%00'],
  ['x-forwarded-proto', 'javascript'],
  ['x-http-method-override', 'DELETE'],
  ['accept', 'image/png'],
  ['accept-encoding', '\xff'],
  ['accept-version', '9.9.9'],
  ['if-none-match', '"'.repeat(100)],
  ['last-event-id', '99999999999999999999'],
  ['range', 'bytes=5-1'],
  ['origin', 'null'],
  ['expect', 'nothing'],
  ['cookie', '__proto__=1; a=\xff'],
  ['x-request-id', '\x80\x81'],
  ['x-long', 'x'.repeat(12_000)],
  ['x-too-long', 'x'.repeat(30_000)],
];

const jwt = (header: object, claims: object, key: string): string => {
  const text = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${text}.${key && createHmac('sha256', key).update(text).digest('base64url')}`;
};

/** Tokens that must not let anyone in, least of all as the target. */
export function badTokens({ userId, sessionId, refreshToken, expiredToken }: Target): string[] {
  const claims = { sub: userId, sid: sessionId, iat: 1_700_000_000, exp: 9_999_999_999 };
  return [
    `Bearer ${jwt({ alg: 'none', typ: 'JWT' }, claims, '')}`,
    `Bearer ${jwt({ alg: 'NoNe' }, claims, '')}`,
    `Bearer ${jwt({ alg: 'HS256', typ: 'JWT' }, claims, 'a key of our own that is long enough')}`,
    `Bearer ${jwt({ alg: 'HS256' }, claims, 'secret')}`,
    `Bearer ${jwt({ alg: 'RS256', jwk: { kty: 'oct', k: '' } }, claims, 'x')}`,
    `Bearer ${jwt({ alg: 'HS256', kid: '../../../dev/null' }, claims, '\0')}`,
    `Bearer ${expiredToken}`,
    `Bearer ${expiredToken.slice(0, -2)}xx`,
    `Bearer ${refreshToken}`,
    `Basic ${Buffer.from(`${userId}:`).toString('base64')}`,
    'Bearer',
    'Bearer ..',
    `Bearer ${'x'.repeat(5_000)}`,
    'Bearer \xff\xfe',
    `Bearer ${expiredToken} ${expiredToken}`,
  ];
}

/** Percent-encodes also what is no character: a lone surrogate goes out as the three bytes that it would have. */
export function encode(text: string): string {
  const parts = text.match(/[\ud800-\udbff][\udc00-\udfff]|[^]/g) ?? [];
  return parts.map((part) => (part.isWellFormed() ? encodeURIComponent(part) : '%ED%A0%80')).join('');
}
