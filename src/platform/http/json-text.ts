import type { Page } from './page.js';

/**
 * A value as the JSON text that goes over the wire, put together from texts that are kept ready. To those who look at
 * it otherwise (`JSON.stringify`, tests) it is the value that the text stands for.
 */
export class JsonText<Value> {
  constructor(readonly text: string) {}

  toJSON(): Value {
    return JSON.parse(this.text) as Value;
  }
}

/** A page of such texts. */
export class TextPage<Entry> implements Page<JsonText<Entry>> {
  constructor(
    readonly data: JsonText<Entry>[],
    readonly page: Page<Entry>['page'],
  ) {}

  get text(): string {
    // Appended piece by piece, the text is copied together once, when it is sent.
    let text = '{"data":[';
    for (const [index, entry] of this.data.entries()) text += index === 0 ? entry.text : `,${entry.text}`;
    return `${text}],"page":${JSON.stringify(this.page)}}`;
  }
}

/** What an answer's body looks like on the wire. */
export const writeJson = (body: unknown): string =>
  body instanceof TextPage || body instanceof JsonText ? body.text : JSON.stringify(body);
