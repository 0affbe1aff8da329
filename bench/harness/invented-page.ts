/** A page of invented posts, as JSON of exactly so many bytes. @param bytes 200 or more */
export function inventedPage(bytes: number): string {
  const entry = (number: number) => ({
    id: String(2_172_782_113_333_248_000n + BigInt(number)),
    kind: 'post',
    createdAt: '2026-11-21T12:00:00.000Z',
    post: { body: `Post number ${number} says nothing in particular, at some length.` },
  });
  const page = { data: [entry(0)], padding: '' };
  const size = () => JSON.stringify(page).length;
  while (size() + 200 < bytes) page.data.push(entry(page.data.length));
  page.padding = 'x'.repeat(Math.max(0, bytes - size()));
  return JSON.stringify(page);
}
