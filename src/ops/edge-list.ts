import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';

/** A directed graph whose nodes are numbered in the order of their first appearance. */
export interface EdgeList {
  nodes: string[];
  sources: Uint32Array;
  targets: Uint32Array;
}

/** A line of an edge list that is not two nodes. */
export class EdgeListError extends Error {
  override readonly name = 'EdgeListError';
}

const NODE = /^[A-Za-z0-9_-]{1,24}$/;
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);

/**
 * Reads an edge list: two nodes a line, apart by blanks, a tab or a comma; lines that begin with `#` or `%` are
 * comments. A gzip file is recognised by its first bytes.
 * @param undirected takes each line for an edge in both directions
 * @throws EdgeListError naming the line that cannot be read
 */
export async function readEdgeList(file: string, undirected = false): Promise<EdgeList> {
  const zipped = await isGzip(file);
  const raw = createReadStream(file);
  const input = zipped ? raw.pipe(createGunzip()) : raw;
  raw.on('error', (error) => input.destroy(error));
  const builder = new EdgeListBuilder();
  let line = 0;
  for await (const text of createInterface({ input, crlfDelay: Infinity })) {
    line++;
    const trimmed = text.trim();
    if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith('%')) continue;
    const [source, target, ...rest] = trimmed.split(/[\s,]+/);
    if (!NODE.test(source ?? '') || !NODE.test(target ?? '') || rest.length > 1) {
      throw new EdgeListError(
        `${file}, line ${line}: expected two nodes of letters, digits, _ or -, up to 24 each`,
      );
    }
    builder.add(source!, target!);
    if (undirected) builder.add(target!, source!);
  }
  return builder.build();
}

class EdgeListBuilder {
  private readonly numbers = new Map<string, number>();
  private readonly nodes: string[] = [];
  private sources = new Uint32Array(1 << 16);
  private targets = new Uint32Array(1 << 16);
  private size = 0;

  add(source: string, target: string): void {
    if (this.size === this.sources.length) this.grow();
    this.sources[this.size] = this.number(source);
    this.targets[this.size] = this.number(target);
    this.size++;
  }

  build(): EdgeList {
    return {
      nodes: this.nodes,
      sources: this.sources.subarray(0, this.size),
      targets: this.targets.subarray(0, this.size),
    };
  }

  private number(node: string): number {
    const known = this.numbers.get(node);
    if (known !== undefined) return known;
    this.numbers.set(node, this.nodes.length);
    return this.nodes.push(node) - 1;
  }

  private grow(): void {
    const double = (old: Uint32Array) => {
      const larger = new Uint32Array(old.length * 2);
      larger.set(old);
      return larger;
    };
    this.sources = double(this.sources);
    this.targets = double(this.targets);
  }
}

async function isGzip(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer.equals(GZIP_MAGIC);
  } finally {
    await handle.close();
  }
}
