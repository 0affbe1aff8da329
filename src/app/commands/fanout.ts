import { Command, Option } from 'commander';
import { type DeliveryPreview, DeliveryPreviews } from '../../fanout/delivery-preview.js';
import { PulledAuthors } from '../../fanout/pulled-authors.js';
import { type Receipt, ReceiptReader } from '../../fanout/receipt-reader.js';
import { parsePostId } from './option-parsers.js';
import { CommandError, findUser, printResult, withServices } from './operate.js';

interface Json {
  json?: boolean;
}

export function fanoutCommand(): Command {
  return new Command('fanout')
    .description('the delivery of posts: what became of it, what it costs, and how an author’s are delivered')
    .addCommand(receiptCommand())
    .addCommand(previewCommand())
    .addCommand(authorCommand());
}

function receiptCommand(): Command {
  return new Command('receipt')
    .description('how many were to have a post, how many have it, and why the others have not')
    .argument('<post>', "the post's id", parsePostId)
    .action((postId: string, { json }: Json) =>
      withServices(async (services) => {
        const receipt = await services.get(ReceiptReader).find(postId);
        if (!receipt) throw new CommandError(`there is no post ${postId}`);
        printResult(json, receipt, describe(receipt));
      }),
    );
}

function previewCommand(): Command {
  return new Command('preview')
    .description(
      'what the next post of an author would cost: rows, bytes, seconds, and whether it would be written',
    )
    .argument('<author>', 'the username, or the id')
    .action((author: string, { json }: Json) =>
      withServices(async (services) => {
        const preview = await services.get(DeliveryPreviews).of((await findUser(services, author)).id);
        printResult(json, preview, describePreview(preview));
      }),
    );
}

function authorCommand(): Command {
  return new Command('author')
    .description('decide how the posts of an author are delivered, whatever the audience')
    .argument('<author>', 'the username, or the id')
    .addOption(new Option('--push', 'write every post into each feed').conflicts(['pull', 'auto']))
    .addOption(new Option('--pull', 'merge every post when feeds are read').conflicts(['push', 'auto']))
    .addOption(new Option('--auto', 'let the audience decide again').conflicts(['push', 'pull']))
    .action(
      (
        author: string,
        { json, push, pull, auto }: Json & Partial<Record<'push' | 'pull' | 'auto', boolean>>,
      ) =>
        withServices(async (services) => {
          const { id } = await findUser(services, author);
          const delivery = push ? 'push' : pull ? 'pull' : auto ? 'auto' : undefined;
          if (delivery) await services.get(PulledAuthors).decide(id, delivery);
          const preview = await services.get(DeliveryPreviews).of(id);
          printResult(json, preview, describePreview(preview));
        }),
    );
}

function describePreview({ sentence, rows, bytes, seconds }: DeliveryPreview): string {
  const size = bytes === null ? 'bytes unknown while there are few rows' : `${bytes} bytes`;
  const time = seconds === null ? 'seconds unknown before the first fan-out' : `${seconds} s`;
  return `${sentence}\nThe next post: ${rows} rows, ${size}, ${time}.`;
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
