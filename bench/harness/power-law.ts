import { Random } from './random.js';

/** How steep in-degrees fall: the exponent that Kwak et al. measured for followers on Twitter (WWW 2010). */
const IN_EXPONENT = 2.276;
/** Out-degrees fall faster: few people follow thousands. */
const OUT_EXPONENT = 3;
/** Nobody follows more than this, and nobody more than a quarter of everybody. */
const MOST_FOLLOWS = 5_000;

export interface PowerLawOptions {
  users: number;
  /** On average; the graph has exactly `users * followsPerUser` follows. */
  followsPerUser: number;
  /** The same seed makes the same graph. */
  seed: number;
}

/** One user and whom they follow, by number; ascending, each once, never themselves. */
export interface Following {
  source: number;
  targets: Uint32Array;
}

/**
 * A directed power-law graph after Chung and Lu ("Connected components in random graphs with given expected degree
 * sequences", 2002): user `i` is followed in proportion to a weight, and those weights fall as `rank^-s` with
 * `s = 1 / (exponent - 1)`, so that in-degrees have a power-law tail of that exponent. Out-degrees fall as a power law as
 * well; both rankings are shuffled, independently of each other. Users come in the order of their numbers; what is kept
 * is a few numbers for each user and nothing for each follow.
 * @throws RangeError when there are too few users for so many follows
 */
export function* powerLawGraph({ users, followsPerUser, seed }: PowerLawOptions): Generator<Following> {
  const random = new Random(seed);
  const degrees = outDegrees(users, followsPerUser);
  const activity = shuffled(users, random);
  const popularity = shuffled(users, random);
  const drawRank = rankSampler(users, random);
  /** By target: who has drawn it last, plus one. */
  const drawnBy = new Uint32Array(users);
  for (let source = 0; source < users; source++) {
    const targets = new Uint32Array(degrees[activity[source]!]!);
    drawnBy[source] = source + 1;
    for (let size = 0; size < targets.length;) {
      const target = popularity[drawRank()]!;
      if (drawnBy[target] === source + 1) continue;
      drawnBy[target] = source + 1;
      targets[size++] = target;
    }
    yield { source, targets: targets.sort() };
  }
}

/** How many each rank follows: a power law that is cut off, and adds up exactly. */
function outDegrees(users: number, mean: number): Uint32Array {
  const most = Math.min(MOST_FOLLOWS, Math.floor((users - 1) / 4));
  if (mean > most / 2) throw new RangeError(`${users} users are too few for ${mean} follows each.`);
  const total = users * mean;
  const weights = Float64Array.from({ length: users }, (_, rank) => (rank + 1) ** (-1 / (OUT_EXPONENT - 1)));
  const scale = bisect(total, (candidate) =>
    weights.reduce((sum, weight) => sum + Math.min(most, candidate * weight), 0),
  );
  const degrees = new Uint32Array(users);
  // Fractions are carried on, so that rounding loses nobody's follows.
  let exact = 0;
  let whole = 0;
  for (const [rank, weight] of weights.entries()) {
    exact += Math.min(most, scale * weight);
    const upto = rank === users - 1 ? total : Math.round(exact);
    degrees[rank] = upto - whole;
    whole = upto;
  }
  return degrees;
}

/** The argument at which a growing function reaches `target`. */
function bisect(target: number, evaluate: (argument: number) => number): number {
  let [low, high] = [0, 1];
  while (evaluate(high) < target) high *= 2;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (evaluate(middle) < target) low = middle;
    else high = middle;
  }
  return high;
}

/** Draws ranks from 0 with a probability that falls as `(rank + 1)^-s`, by inverting the integral of that. */
function rankSampler(users: number, random: Random): () => number {
  const power = 1 - 1 / (IN_EXPONENT - 1);
  const span = (users + 1) ** power - 1;
  return () => Math.min(users - 1, Math.floor((1 + random.next() * span) ** (1 / power)) - 1);
}

/** The numbers from 0, shuffled (Fisher and Yates). */
function shuffled(size: number, random: Random): Uint32Array {
  const numbers = Uint32Array.from({ length: size }, (_, index) => index);
  for (let last = size - 1; last > 0; last--) {
    const other = random.below(last + 1);
    [numbers[last], numbers[other]] = [numbers[other]!, numbers[last]!];
  }
  return numbers;
}
