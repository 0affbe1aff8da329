import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { PrimaryDatabase } from '../../src/platform/database/primary.js';
import { GraphRedis } from '../../src/platform/redis/redis.js';
import { Mirror } from '../../src/relationships/mirror/mirror.js';
import { copyInPieces } from '../../src/relationships/rebuild/copy-in-pieces.js';
import { COPY_SETS, PLANNER, relationshipsAfter } from '../../src/relationships/rebuild/copy-statements.js';
import { removeKeys } from '../../src/relationships/rebuild/remove-keys.js';
import { MassInsertion } from '../../src/relationships/rebuild/mass-insertion.js';
import { endOfSets, SetEncoder } from '../../src/relationships/rebuild/set-encoder.js';

/** The epoch that a ready file fills: no mirror knows of it. */
export const READY_EPOCH = 'ready';

const EDGES_PER_PIECE = 32_768;

/** A file of Redis commands that make the sets of a graph. */
export interface ReadySets {
  path: string;
  /** The pieces of the file, each of whole commands. */
  pieces: { bytes: number; commands: number }[];
}

/**
 * Writes the sets of the graph in Postgres as commands into a file.
 * @param largestIntset up to which size as packed arrays, ready for RESTORE; 0 for SADD of all
 */
export async function writeReadySets(
  services: INestApplicationContext,
  path: string,
  largestIntset: number,
): Promise<ReadySets> {
  const client = await services.get(PrimaryDatabase).database.dedicatedClient();
  const encoder = new SetEncoder(services.get(Mirror).keys, READY_EPOCH, largestIntset);
  const pieces: ReadySets['pieces'] = [];
  try {
    await client.query('BEGIN READ ONLY');
    await client.query(PLANNER);
    const walk = {
      after: '0',
      most: EDGES_PER_PIECE,
      statement: (owner: string, most: number) => COPY_SETS(relationshipsAfter(owner, most)),
      endOf: endOfSets,
      encode: (rows: Buffer) => encoder.encode(rows),
      ahead: true,
    };
    const commands = async function* () {
      for await (const { bytes, commands } of copyInPieces(client, walk)) {
        pieces.push({ bytes: bytes.length, commands });
        yield bytes;
      }
    };
    await pipeline(Readable.from(commands()), createWriteStream(path));
    await client.query('COMMIT');
  } finally {
    await client.end();
  }
  return { path, pieces };
}

/**
 * Loads the commands with `redis-cli --pipe`, or with our own mass insertion where that program is not installed.
 * @returns the seconds that it took, and which of the two it was
 * @throws Error when a command was refused
 */
export async function loadReadySets(
  sets: ReadySets,
  redisUrl: string,
): Promise<{ seconds: number; loader: string }> {
  const began = performance.now();
  let loader = 'redis-cli --pipe';
  try {
    await loadWithCli(sets.path, redisUrl);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    loader = 'MassInsertion';
    await loadByInsertion(sets, redisUrl);
  }
  return { seconds: (performance.now() - began) / 1_000, loader };
}

async function loadWithCli(path: string, redisUrl: string): Promise<void> {
  const file = await open(path);
  try {
    const { hostname, port, username, password } = new URL(redisUrl);
    const user = username ? ['--user', username] : [];
    const child = spawn('redis-cli', ['-h', hostname, '-p', port, ...user, '--pipe'], {
      env: { PATH: process.env.PATH, REDISCLI_AUTH: decodeURIComponent(password) },
      stdio: [file.fd, 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout!.setEncoding('utf8').on('data', (text: string) => (output += text));
    await once(child, 'close');
    if (!output.includes('errors: 0,')) throw new Error(`redis-cli --pipe failed: ${output}`);
  } finally {
    await file.close();
  }
}

async function loadByInsertion({ path, pieces }: ReadySets, redisUrl: string): Promise<void> {
  const file = await open(path);
  const insertion = await MassInsertion.open(redisUrl);
  try {
    for (const { bytes, commands } of pieces) {
      const { buffer } = await file.read(Buffer.allocUnsafe(bytes));
      await insertion.send({ bytes: buffer, commands });
    }
    await insertion.settled();
  } finally {
    insertion.close();
    await file.close();
  }
}

/** Removes what was loaded, a few keys at a time. */
export async function dropReadySets(services: INestApplicationContext): Promise<void> {
  await removeKeys(services.get(GraphRedis).client, services.get(Mirror).keys.allOf(READY_EPOCH));
}
