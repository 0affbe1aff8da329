import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import pgCopy from 'pg-copy-streams';

const CHUNK_BYTES = 65_536;

/**
 * Loads lines with COPY, the fastest way into a table that Postgres has.
 * @param target the table, and its columns in brackets where not all are given
 * @param lines in COPY's text format, each with its line feed
 */
export async function copyLines(client: pg.Client, target: string, lines: Iterable<string>): Promise<void> {
  await copyChunks(client, target, chunksOf(lines));
}

/** As `copyLines`, with lines that are put together already. */
export async function copyChunks(
  client: pg.Client,
  target: string,
  chunks: Iterable<string | Buffer>,
): Promise<void> {
  await pipeline(Readable.from(chunks), client.query(pgCopy.from(`COPY ${target} FROM STDIN`)));
}

/** Joins lines to pieces that are worth sending. */
export function* chunksOf(lines: Iterable<string>): Generator<string> {
  let chunk = '';
  for (const line of lines) {
    chunk += line;
    if (chunk.length < CHUNK_BYTES) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk) yield chunk;
}
