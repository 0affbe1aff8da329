import type { Id } from '../../src/platform/ids/ids.js';

export interface Answer {
  status: number;
  headers: Headers;
  // Tests look into bodies of every shape; each expectation says what it expects there.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}

/** Speaks HTTP to the product as one user. */
export class Client {
  constructor(
    private readonly url: string,
    readonly token?: string,
    readonly id: Id = '',
    readonly username = '',
  ) {}

  get(path: string, headers?: Record<string, string>): Promise<Answer> {
    return this.send('GET', path, undefined, headers);
  }

  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer> {
    return this.send('POST', path, body, headers);
  }

  put(path: string, body?: unknown): Promise<Answer> {
    return this.send('PUT', path, body);
  }

  patch(path: string, body?: unknown): Promise<Answer> {
    return this.send('PATCH', path, body);
  }

  delete(path: string): Promise<Answer> {
    return this.send('DELETE', path);
  }

  /** Follows another user. */
  follow(other: Client, kind: 'friend' | 'noise' = 'friend'): Promise<Answer> {
    return this.put(`/v1/relationships/${other.id}`, { kind });
  }

  /** Reads a list to its end by its cursors. @param from where to begin: the cursor of an earlier page */
  async all(path: string, from = ''): Promise<Answer['body'][]> {
    const entries: Answer['body'][] = [];
    let cursor: string | null = from;
    while (cursor !== null) {
      const separator = path.includes('?') ? '&' : '?';
      const { body } = await this.get(cursor ? `${path}${separator}cursor=${cursor}` : path);
      entries.push(...body.data);
      cursor = body.page.next;
    }
    return entries;
  }

  async send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const answer = await fetch(new URL(path, this.url), {
      method,
      headers: {
        ...(this.token ? { authorization: `Bearer ${this.token}` } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.includes('json');
    return { status: answer.status, headers: answer.headers, body: isJson && text ? JSON.parse(text) : text };
  }
}
