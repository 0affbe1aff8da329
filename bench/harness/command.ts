import { Command, CommanderError } from 'commander';
import { type Benchmark, MissingDataError } from './benchmark.js';
import { BenchStack } from './bench-stack.js';
import { describeMachine } from './machine.js';
import { renderJson, renderTable } from './report.js';

interface Options {
  size?: string;
  json?: boolean;
  profile?: string;
}

/** Something that the caller can put right; printed as it is. */
class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The command line of the benchmarks: lists them, or runs one. */
export async function runBenchmarks(benchmarks: readonly Benchmark[]): Promise<void> {
  const program = new Command('bench')
    .usage('[name] [options]')
    .description(
      'Measures one part of Sluice on stores of its own, beside its limit or its alternative in the same run.\n' +
        'Without a name: lists what there is.',
    )
    .argument('[name]', 'the benchmark')
    .option('--size <size>', 'how much of it; the list says which sizes there are')
    .option('--json', 'end with one JSON object on a line of its own')
    .option('--profile <folder>', 'write CPU profiles of the measured processes into this folder')
    .addHelpText('after', `\nBenchmarks:\n${list(benchmarks)}\n\n${listSizes(benchmarks)}`)
    .action(async (name: string | undefined, options: Options) => {
      if (name === undefined) print(list(benchmarks));
      else await runOne(find(benchmarks, name), options);
    });
  try {
    await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) throw error;
    complain(error instanceof UsageError ? error.message : ((error as Error).stack ?? String(error)));
    process.exitCode = 1;
  }
}

async function runOne(benchmark: Benchmark, { size, json, profile }: Options): Promise<void> {
  const chosen = size ?? Object.keys(benchmark.sizes)[0]!;
  if (!(chosen in benchmark.sizes))
    throw new UsageError(
      `${benchmark.name} has no size ${chosen}: ${Object.keys(benchmark.sizes).join(', ')}`,
    );
  const nodeOptions = profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : [];
  const stack = await BenchStack.start(nodeOptions, benchmark.postgresSettings);
  const release = stopOnSignal(stack);
  try {
    const report = await benchmark.run({ stack, size: chosen, say: complain });
    print(renderTable(benchmark.name, await describeMachine(await stack.services()), report));
    if (json) print(renderJson(benchmark.name, report));
  } catch (error) {
    if (!(error instanceof MissingDataError)) throw error;
    print(`${benchmark.name} is skipped: ${error.message}`);
  } finally {
    release();
    await stack.stop();
  }
}

/** Nothing is left behind when somebody loses patience. */
function stopOnSignal(stack: BenchStack): () => void {
  const stop = () => void stack.stop().finally(() => process.exit(130));
  process.once('SIGINT', stop).once('SIGTERM', stop);
  return () => process.off('SIGINT', stop).off('SIGTERM', stop);
}

function find(benchmarks: readonly Benchmark[], name: string): Benchmark {
  const found = benchmarks.find((benchmark) => benchmark.name === name);
  if (!found) throw new UsageError(`There is no benchmark ${name}. There is:\n${list(benchmarks)}`);
  return found;
}

function list(benchmarks: readonly Benchmark[]): string {
  const width = Math.max(...benchmarks.map(({ name }) => name.length));
  return benchmarks.map(({ name, summary }) => `${name.padEnd(width)}  ${summary}`).join('\n');
}

function listSizes(benchmarks: readonly Benchmark[]): string {
  const meanings = ({ sizes }: Benchmark) =>
    Object.entries(sizes).map(
      ([size, meaning], index) => `    ${size}${index === 0 ? ' (default)' : ''}: ${meaning}`,
    );
  const lines = benchmarks.flatMap((benchmark) => [`  ${benchmark.name}`, ...meanings(benchmark)]);
  return ['Sizes:', ...lines].join('\n');
}

const print = (text: string) => void process.stdout.write(`${text}\n`);
const complain = (line: string) => void process.stderr.write(`${line}\n`);
