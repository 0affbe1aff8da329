import { errorText } from '../../platform/error-text.js';

/** What an error says, without the URLs and passwords that Postgres may quote in it. */
export function withoutSecrets(error: unknown, urls: readonly string[]): string {
  const secrets = urls.flatMap((url) => {
    const { password } = new URL(url);
    return [url, password, decoded(password)];
  });
  return secrets
    .filter((secret) => secret !== '')
    .sort((a, b) => b.length - a.length)
    .reduce((text, secret) => text.replaceAll(secret, '***'), errorText(error));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Where a database is, as an operator may see it: host, port and name, without user and password. */
export function placeOf(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port || '5432'}${pathname}`;
}
