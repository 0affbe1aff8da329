import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProductProcess } from './processes.js';
import type { TestEnvironment } from './stores.js';

/** Makes so many followers of an account, with the operators' own command. */
export async function importFollowers(
  environment: TestEnvironment,
  username: string,
  count: number,
): Promise<void> {
  const file = join(tmpdir(), `followers-${environment.REDIS_PREFIX!.slice(0, -1)}.tsv`);
  await writeFile(file, Array.from({ length: count }, (_, i) => `fan${i}\t${username}\n`).join(''));
  try {
    const { code, stderr } = await ProductProcess.run('cli', environment, [
      'import-graph',
      file,
      '--prefix',
      '',
    ]);
    if (code !== 0) throw new Error(`import-graph failed: ${stderr}`);
  } finally {
    await rm(file);
  }
}
