import { describe, expect, it } from 'vitest';
import type { VisibleUser } from '../users/profiles.js';
import type { Standing } from '../users/graph-view.js';
import { Person } from '../users/person.js';
import type { UserRow } from '../users/user-store.js';
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

const COUNTS = { followers: 5, friends: 6, noise: 7 };

const user = (id: string, text: string): UserRow => ({
  ...{ id, username: 'Ada_1', name: text, bio: text },
  ...{ avatar_url: id === '2172782113333248002' ? null : `https://example.org/${id}`, posts_count: 3 },
});
const post = (id: string, body: string, rest: Partial<PostRow> = {}): PostRow => ({
  ...{ id, author_id: '1', body, mentions: [], edited_at: null, comment_on: null, repost_of: null },
  ...{ comments_count: 1, loves_count: 2, reposts_count: 3, views_count: 2 ** 40 },
  texts: undefined,
  author: undefined,
  ...rest,
});

describe('the text of a post', () => {
  it.each(HOSTILE)('is that of the object, whatever is in it: %j', (text) => {
    for (const kind of ['friend', 'noise', 'block', 'mute', null] as const) {
      const standing = { kind, followsMe: kind === 'noise', blocksMe: false };
      const cards = [user('2172782113333248002', text), user('2172782113333248003', 'Grace')];
      const people = cards.map((card) => ({ person: new Person(card, COUNTS), standing }));
      const objects = people.map(({ person }) => presentUser(person, standing));
      for (const [index, { person }] of people.entries())
        expect(person.textFor(standing)).toBe(JSON.stringify(objects[index]));

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
    const ada = new Person(user('2172782113333248002', 'Ada'), COUNTS);
    const edited = new Person(user('2172782113333248002', 'Countess'), COUNTS);
    const followed = new Person(ada.card, { ...COUNTS, followers: 6 });
    const said = post('2172782113333248005', 'hello');
    const plain = { loved: false, reposted: false };
    const stranger: Standing = { kind: null, followsMe: false, blocksMe: false };
    const all: VisibleUser[] = [
      { person: ada, standing: stranger },
      { person: ada, standing: { ...stranger, followsMe: true } },
      { person: ada, standing: { ...stranger, kind: 'friend' } },
      { person: edited, standing: stranger },
      { person: followed, standing: stranger },
    ];
    const inTurn = all.flatMap((one) => all.flatMap((other) => [one, other, one]));
    for (const reactions of [plain, { loved: true, reposted: false }, plain]) {
      for (const author of inTurn) {
        const object = presentPost(said, presentUser(author.person, author.standing), [], null, reactions);
        expect(postText(said, author, [], null, reactions).json).toBe(JSON.stringify(object));
      }
    }
  });
});
