import type pg from 'pg';
import { Fence } from '../../activities/fence.js';
import { leafOf, presentLeaves } from '../../activities/leaves.js';
import { surveyLeaves, type SurveyedLeaf } from '../../activities/leaf-survey.js';
import type { Database } from '../../platform/database/database.js';
import { Problem } from '../../platform/http/problem.js';
import { mustReach, unfitness } from './fitness.js';

/** Both shards of a move to be. */
export interface Sides {
  source: Database;
  target: Database;
}

/**
 * Looks whether a move can be carried out; nothing is changed.
 * @returns what there is to be moved
 * @throws Problem `shard-unfit` saying what stands against it, `gate-closed`
 */
export async function checkMove(
  { source, target }: Sides,
  buckets: readonly number[],
  fence: Fence,
): Promise<SurveyedLeaf[]> {
  for (const shard of [source, target])
    if ((await fence.read(shard)).closed)
      throw new Problem('gate-closed', `The gate of ${shard.name} is closed: open it first.`);
  await onBoth({ source, target }, async (from, to) => {
    const faults = [
      ...(await unfitness(from)).map((fault) => `${source.name}: ${fault}`),
      ...(await unfitness(to)).map((fault) => `${target.name}: ${fault}`),
    ];
    const present = await presentLeaves(to);
    for (const bucket of buckets)
      if (present.has(leafOf(bucket))) faults.push(`${target.name} has a ${leafOf(bucket)} already`);
    if (faults.length > 0) throw new Problem('shard-unfit', `${faults.join('; ')}.`);
    if ((await schemaOf(from)) !== (await schemaOf(to)))
      throw new Problem(
        'shard-unfit',
        `${source.name} and ${target.name} are not equally up to date: run \`sluice migrate\` first.`,
      );
    await mustReach(to, target.name, source.directUrl, source.name);
    await mustReach(from, source.name, target.directUrl, target.name);
  });
  const leaves = await surveyLeaves(source, buckets);
  const missing = buckets.filter((bucket) => !leaves.some((leaf) => leaf.bucket === bucket));
  if (missing.length > 0)
    throw new Problem('shard-unfit', `${source.name} has no ${leafOf(missing[0]!)}: run \`sluice migrate\`.`);
  const keyless = leaves.find(({ keyed }) => !keyed);
  if (keyless)
    throw new Problem(
      'shard-unfit',
      `${leafOf(keyless.bucket)} of ${source.name} has lost its primary key: repair the activities first.`,
    );
  return leaves;
}

/** What was migrated. */
async function schemaOf(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ name: string }>('SELECT name FROM migrations ORDER BY name');
  return rows.map(({ name }) => name).join();
}

async function onBoth(
  { source, target }: Sides,
  work: (from: pg.Client, to: pg.Client) => Promise<void>,
): Promise<void> {
  const from = await source.dedicatedClient();
  try {
    const to = await target.dedicatedClient();
    try {
      await work(from, to);
    } finally {
      await to.end().catch(() => undefined);
    }
  } finally {
    await from.end().catch(() => undefined);
  }
}
