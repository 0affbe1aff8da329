import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { timeOfId } from '../platform/ids/ids.js';
import { cardOf, decodeCard, encodeCard } from '../users/profile-card.js';
import { presentUser, userText } from '../users/user-view.js';
import { decodePost, encodePost } from './post-card.js';
import { postText } from './post-view.js';

const id = fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }).map(String);
const text = fc.string({ unit: 'grapheme' });
const count = fc.nat();
const user = fc.record({
  id,
  username: fc.constantFrom('ada', 'Bob-2', 'x_1'),
  name: text,
  bio: text,
  avatar_url: fc.option(fc.webUrl()),
  posts_count: count,
});
const facts = fc.record({
  followers: count,
  friends: count,
  noise: count,
  kind: fc.constantFrom('friend' as const, 'noise' as const, 'block' as const, 'mute' as const, null),
  followsMe: fc.boolean(),
});
const post = fc.record({
  id,
  author_id: id,
  body: text,
  mentions: fc.array(id, { maxLength: 3 }),
  edited_at: fc.option(fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) })),
  comments_count: count,
  loves_count: count,
  reposts_count: count,
  views_count: count,
});

describe('texts of users and posts', () => {
  it('are the JSON of what their rows say, whatever people write', () => {
    fc.assert(
      fc.property(post, user, user, facts, (row, author, mentioned, known) => {
        const [authorText, mentionText] = [author, mentioned].map((person) => {
          const card = decodeCard(person.id, encodeCard(person));
          expect(card).toEqual(cardOf(person));
          const { followers, friends, noise, kind, followsMe } = known;
          expect(presentUser(card, known)).toEqual({
            id: person.id,
            username: person.username,
            name: person.name,
            bio: person.bio,
            avatarUrl: person.avatar_url,
            createdAt: timeOfId(person.id).toISOString(),
            counts: { posts: person.posts_count, followers, following: friends + noise, friends, noise },
            relationship: { kind, followsMe },
          });
          return userText(card, known);
        }) as [string, string];
        const card = decodePost(row.id, encodePost(row));
        expect([card.authorId, card.mentions]).toEqual([row.author_id, row.mentions]);
        expect(JSON.parse(postText(card, authorText, [mentionText]))).toEqual({
          id: row.id,
          author: JSON.parse(authorText),
          body: row.body,
          createdAt: timeOfId(row.id).toISOString(),
          editedAt: row.edited_at?.toISOString() ?? null,
          mentions: [JSON.parse(mentionText)],
          commentOn: null,
          repostOf: null,
          counts: {
            comments: row.comments_count,
            loves: row.loves_count,
            reposts: row.reposts_count,
            views: row.views_count,
          },
          viewer: { loved: false, reposted: false },
        });
      }),
    );
  });
});
