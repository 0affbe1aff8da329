/** More mentions than these in one post reach nobody: a post is no megaphone, and each one costs every reader. */
export const MOST_MENTIONS = 10;

const MENTION = /(?<![A-Za-z0-9_@-])@([A-Za-z0-9_-]{3,30})(?![A-Za-z0-9_-])/g;

/** The usernames that a text mentions as `@username`, in lower case, each once, in the order in which they appear. */
export function mentionedNames(text: string): string[] {
  const names = new Set<string>();
  for (const [, name] of text.matchAll(MENTION)) names.add(name!.toLowerCase());
  return [...names].slice(0, MOST_MENTIONS);
}
