import type { INestApplicationContext } from '@nestjs/common';
import { Tokens } from '../../src/auth/tokens.js';
import { FeedReader } from '../../src/feeds/feed-reader.js';
import type { Id } from '../../src/platform/ids/ids.js';
import { getRequest, type Target } from '../harness/load.js';
import { Random } from '../harness/random.js';
import type { FilledSystem } from './filled-system.js';

export const CONNECTIONS = 64;
const READERS = 4_096;
const PAGE = 20;

/** Readers, drawn by how many they follow, as often as they come up. */
export function drawReaders({ follows }: FilledSystem): Id[] {
  const random = new Random(2);
  return Array.from({ length: READERS }, () => random.pick(follows).owner);
}

/** The page of median length among some readers' first pages, as it goes over the wire. */
export async function typicalPage(
  services: INestApplicationContext,
  readers: readonly Id[],
): Promise<string> {
  const pages: string[] = [];
  for (const reader of readers.slice(0, 101))
    pages.push(JSON.stringify(await services.get(FeedReader).page(reader, 'friend', { limit: PAGE })));
  pages.sort((a, b) => a.length - b.length);
  return pages[pages.length >> 1]!;
}

/** Makes readers ask for something, each with a token of their own. */
export function asking(
  services: INestApplicationContext,
  url: string,
  readers: readonly Id[],
): (path: string) => Target {
  const tokens = readers.map((id) => services.get(Tokens).access({ id, sessionId: '1' }));
  return (path) => ({
    url,
    requests: tokens.map((token) => getRequest(path, token)),
    connections: CONNECTIONS,
  });
}
