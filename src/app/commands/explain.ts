import { Command } from 'commander';
import { Explainer } from '../../feeds/explainer.js';
import { parsePostId } from './option-parsers.js';
import { findUser, printResult, withServices } from './operate.js';

export function explainCommand(): Command {
  return new Command('explain')
    .description("why a post is in a reader's feed, and through what, or why it is not")
    .argument('<viewer>', "the reader's username, or id")
    .argument('<post>', "the post's id", parsePostId)
    .action((viewer: string, postId: string, { json }: { json?: boolean }) =>
      withServices(async (services) => {
        const explanation = await services.get(Explainer).explain(await findUser(services, viewer), postId);
        printResult(json, explanation, explanation.sentence);
      }),
    );
}
