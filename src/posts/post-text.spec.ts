import { describe, expect, it } from 'vitest';
import type { UserRow } from '../users/user-store.js';
import { userText } from '../users/user-text.js';
import { presentUser } from '../users/user-view.js';
import type { PostRow } from './post-store.js';
import { postText } from './post-text.js';
import { presentPost } from './post-view.js';

const HOSTILE = [
  '',
  '"\\/\b\f\n\r\t',
  '</script>\u2028\u2029',
  '\u0000\u001f\u007f',
  '\ud800 alone, 👩‍👩‍👧 not, é',
  '${a}`',
];

const user = (id: string, text: string): UserRow => ({
  ...{ id, username: 'Ada_1', name: text, bio: text },
  ...{ avatar_url: id === '2172782113333248002' ? null : `https://example.org/${id}`, posts_count: 3 },
});
const post = (id: string, body: string, rest: Partial<PostRow> = {}): PostRow => ({
  ...{ id, author_id: '1', body, mentions: [], edited_at: null, comment_on: null, repost_of: null },
  ...{ comments_count: 1, loves_count: 2, reposts_count: 3, views_count: 2 ** 40 },
  ...rest,
});

describe('the text of a post', () => {
  it.each(HOSTILE)('is that of the object, whatever is in it: %j', (text) => {
    for (const kind of ['friend', 'noise', 'block', 'mute', null] as const) {
      const facts = { followers: 5, friends: 6, noise: 7, kind, followsMe: kind === 'noise' };
      const people = [user('2172782113333248002', text), user('2172782113333248003', 'Grace')];
      const objects = people.map((row) => presentUser(row, facts, facts));
      const texts = people.map((row) => userText(row, facts, facts));
      expect(texts).toEqual(objects.map((object) => JSON.stringify(object)));

      const reactions = { loved: kind === null, reposted: kind === 'mute' };
      const original = post('2172782113333248004', text, { edited_at: new Date(1_700_000_000_123) });
      const row = post('2172782113333248005', text, {
        comment_on: kind === 'friend' ? '2172782113333248001' : null,
        repost_of: original.id,
      });
      const inner = presentPost(original, objects[1]!, [], null, reactions);
      const innerText = postText(original, texts[1]!, [], null, reactions);
      const outer = presentPost(row, objects[0]!, objects, inner, reactions);
      // Once with what is the same for everybody made anew, and once with it kept.
      for (let time = 0; time < 2; time++) {
        const { id, createdAt, json } = postText(row, texts[0]!, texts, innerText, reactions);
        expect(json).toBe(JSON.stringify(outer));
        expect({ id, createdAt }).toEqual({ id: outer.id, createdAt: outer.createdAt });
      }
    }
  });
});
