import { Command, InvalidArgumentError } from 'commander';
import { type Receipt, ReceiptReader } from '../../fanout/receipt-reader.js';
import { isId } from '../../platform/ids/ids.js';
import { CommandError, printResult, withServices } from './operate.js';

export function fanoutCommand(): Command {
  return new Command('fanout').description('what became of the delivery of a post').addCommand(
    new Command('receipt')
      .description('how many were to have a post, how many have it, and why the others have not')
      .argument('<post>', "the post's id", parseId)
      .action((postId: string, { json }: { json?: boolean }) =>
        withServices(async (services) => {
          const receipt = await services.get(ReceiptReader).find(postId);
          if (!receipt) throw new CommandError(`there is no post ${postId}`);
          printResult(json, receipt, describe(receipt));
        }),
      ),
  );
}

function describe(receipt: Receipt): string {
  const { state, expected, written, skipped, waitingFor, startedAt, finishedAt } = receipt;
  if (state === 'waiting')
    return 'The delivery has not begun: the post waits in the outbox, or behind the gate.';
  const reasons = Object.entries(skipped).map(([reason, count]) => `${count} ${reason}`);
  return [
    `The delivery is ${state}: ${written} of ${expected} have the post; skipped: ${reasons.join(', ')}.`,
    `Chunks: ${receipt.chunksDone} done, ${receipt.chunksLeft} left. Started ${startedAt}, ${ending(finishedAt, receipt)}.`,
    ...waitingFor.map(({ shard, rows }) => `${rows} wait for shard ${shard}, which is closed or away.`),
  ].join('\n');
}

function ending(finishedAt: string | null, { secondsLeft }: Receipt): string {
  if (finishedAt) return `finished ${finishedAt}`;
  return secondsLeft === null ? 'time left unknown' : `about ${secondsLeft} s left`;
}

function parseId(text: string): string {
  if (!isId(text)) throw new InvalidArgumentError('expected the id of a post');
  return text;
}
