import { describe, expect, it } from 'vitest';
import type { VisibleUser } from '../users/profiles.js';
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
      const facts = {
        followers: 5,
        friends: 6,
        noise: 7,
        kind,
        followsMe: kind === 'noise',
        blocksMe: false,
      };
      const rows = [user('2172782113333248002', text), user('2172782113333248003', 'Grace')];
      const people = rows.map((row) => ({ row, facts }));
      const objects = rows.map((row) => presentUser(row, facts, facts));
      expect(people.map(userText)).toEqual(objects.map((object) => JSON.stringify(object)));

      const reactions = { loved: kind === null, reposted: kind === 'mute' };
      const original = post('2172782113333248004', text, { edited_at: new Date(1_700_000_000_123) });
      const row = post('2172782113333248005', text, {
        comment_on: kind === 'friend' ? '2172782113333248001' : null,
        repost_of: original.id,
      });
      const inner = presentPost(original, objects[1]!, [], null, reactions);
      const innerText = postText(original, people[1]!, [], null, reactions);
      const outer = presentPost(row, objects[0]!, objects, inner, reactions);
      // Once with what is the same for everybody made anew, and once with it kept.
      for (let time = 0; time < 2; time++) {
        const { id, createdAt, json } = postText(row, people[0]!, people, innerText, reactions);
        expect(json).toBe(JSON.stringify(outer));
        expect({ id, createdAt }).toEqual({ id: outer.id, createdAt: outer.createdAt });
      }
    }
  });

  it('follows what it says of the author, for viewers of every kind in turn', () => {
    const row = user('2172782113333248002', 'Ada');
    const edited = user('2172782113333248002', 'Countess');
    const said = post('2172782113333248005', 'hello');
    const plain = { loved: false, reposted: false };
    const first = {
      ...{ followers: 5, friends: 6, noise: 7 },
      kind: null,
      followsMe: false,
      blocksMe: false,
    };
    const all: VisibleUser[] = [
      { row, facts: first },
      { row, facts: { ...first, followsMe: true } },
      { row, facts: { ...first, kind: 'friend' } },
      { row, facts: { ...first, followers: 6 } },
      { row, facts: { ...first, friends: 7 } },
      { row, facts: { ...first, noise: 8 } },
      { row: edited, facts: first },
    ];
    const inTurn = all.flatMap((one) => all.flatMap((other) => [one, other, one]));
    for (const reactions of [plain, { loved: true, reposted: false }, plain]) {
      for (const { row: card, facts } of inTurn) {
        const object = presentPost(said, presentUser(card, facts, facts), [], null, reactions);
        expect(postText(said, { row: card, facts }, [], null, reactions).json).toBe(JSON.stringify(object));
      }
    }
  });
});
