import pg from 'pg';
import { Problem } from '../../platform/http/problem.js';

/** What a column may be compared with. A number stays the text that was given: 64 bits do not fit into one of ours. */
export type Constant = { number: string } | { text: string } | { truth: boolean };

/** One condition on one column. */
export type Condition =
  | { column: string; operator: '=' | '<>' | '<' | '<=' | '>' | '>='; value: Constant }
  | { column: string; operator: 'IN' | 'NOT IN'; values: Constant[] }
  | { column: string; operator: 'IS NULL' | 'IS NOT NULL' };

const MOST_CONDITIONS = 20;
const MOST_VALUES = 100;
const GRAMMAR =
  "conditions joined by AND, each one a column with =, <>, <, <=, >, >= and a number, a 'text', TRUE or FALSE; IN (…), NOT IN (…), IS NULL or IS NOT NULL";

const TOKEN =
  /\s*(?:(?<quoted>"(?:[^"]|"")+")|(?<text>'(?:[^']|'')*')|(?<number>[+-]?\d{1,30}(?:\.\d{1,30})?(?![\w.]))|(?<word>[A-Za-z_][A-Za-z0-9_]*)|(?<sign><=|>=|<>|!=|[=<>(),]))/uy;

interface Token {
  kind: 'quoted' | 'text' | 'number' | 'word' | 'sign' | 'end';
  text: string;
}

/**
 * Reads the predicate of a partial index. What it accepts is a small part of SQL, and nothing of the given text reaches
 * a database as it is: {@link renderPredicate} writes it anew, with quoted names and constants.
 * @throws Problem `invalid-request` for anything else
 */
export function parsePredicate(text: string): Condition[] {
  const tokens = new Tokens(text);
  const conditions = [parseCondition(tokens)];
  while (tokens.takeWord('AND')) {
    conditions.push(parseCondition(tokens));
    if (conditions.length > MOST_CONDITIONS)
      throw refused(`there are more than ${MOST_CONDITIONS} conditions`);
  }
  tokens.expectEnd();
  return conditions;
}

/** The predicate as SQL. */
export function renderPredicate(conditions: readonly Condition[]): string {
  return conditions.map(renderCondition).join(' AND ');
}

function renderCondition(condition: Condition): string {
  const column = pg.escapeIdentifier(condition.column);
  if ('value' in condition) return `${column} ${condition.operator} ${renderConstant(condition.value)}`;
  if ('values' in condition)
    return `${column} ${condition.operator} (${condition.values.map(renderConstant).join(', ')})`;
  return `${column} ${condition.operator}`;
}

function renderConstant(constant: Constant): string {
  if ('number' in constant) return constant.number;
  if ('text' in constant) return pg.escapeLiteral(constant.text).trim();
  return constant.truth ? 'TRUE' : 'FALSE';
}

function parseCondition(tokens: Tokens): Condition {
  const column = parseColumn(tokens);
  if (tokens.takeWord('IS')) {
    const negated = tokens.takeWord('NOT');
    if (!tokens.takeWord('NULL')) throw tokens.unexpected('NULL');
    return { column, operator: negated ? 'IS NOT NULL' : 'IS NULL' };
  }
  const negated = tokens.takeWord('NOT');
  if (tokens.takeWord('IN'))
    return { column, operator: negated ? 'NOT IN' : 'IN', values: parseList(tokens) };
  if (negated) throw tokens.unexpected('IN');
  const sign = tokens.take();
  const operator = sign.text === '!=' ? '<>' : sign.text;
  if (sign.kind !== 'sign' || !isComparison(operator)) throw tokens.unexpected('a comparison', sign);
  return { column, operator, value: parseConstant(tokens) };
}

const COMPARISONS = ['=', '<>', '<', '<=', '>', '>='] as const;
const isComparison = (text: string): text is (typeof COMPARISONS)[number] =>
  (COMPARISONS as readonly string[]).includes(text);

/** A name without quotes is lower case, as in SQL. */
function parseColumn(tokens: Tokens): string {
  const token = tokens.take();
  if (token.kind === 'word') return token.text.toLowerCase();
  if (token.kind === 'quoted') return token.text.slice(1, -1).replaceAll('""', '"');
  throw tokens.unexpected('a column', token);
}

function parseList(tokens: Tokens): Constant[] {
  const values: Constant[] = [];
  if (!tokens.takeSign('(')) throw tokens.unexpected('(');
  do {
    values.push(parseConstant(tokens));
    if (values.length > MOST_VALUES) throw refused(`there are more than ${MOST_VALUES} values in a list`);
  } while (tokens.takeSign(','));
  if (!tokens.takeSign(')')) throw tokens.unexpected(')');
  return values;
}

function parseConstant(tokens: Tokens): Constant {
  const token = tokens.take();
  if (token.kind === 'number') return { number: token.text };
  if (token.kind === 'text') return { text: token.text.slice(1, -1).replaceAll("''", "'") };
  const word = token.kind === 'word' ? token.text.toUpperCase() : '';
  if (word === 'TRUE' || word === 'FALSE') return { truth: word === 'TRUE' };
  throw tokens.unexpected('a number, a text, TRUE or FALSE', token);
}

class Tokens {
  private readonly tokens: Token[] = [];
  private next = 0;

  constructor(text: string) {
    if (text.includes('\0')) throw refused('there is a NUL in it');
    const rest = text.trimEnd();
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < rest.length) {
      const from = TOKEN.lastIndex;
      const groups = TOKEN.exec(rest)?.groups;
      if (!groups) throw refused(`"${rest.slice(from).trim().slice(0, 20)}" is not understood`);
      const [kind, found] = Object.entries(groups).find(
        (entry) => (entry[1] as string | undefined) !== undefined,
      )!;
      this.tokens.push({ kind: kind as Token['kind'], text: found });
    }
  }

  take(): Token {
    return this.tokens[this.next++] ?? { kind: 'end', text: 'the end' };
  }

  /** Takes the next one if it is this keyword. */
  takeWord(word: string): boolean {
    return this.takeIf((token) => token.kind === 'word' && token.text.toUpperCase() === word);
  }

  takeSign(sign: string): boolean {
    return this.takeIf((token) => token.kind === 'sign' && token.text === sign);
  }

  expectEnd(): void {
    if (this.next < this.tokens.length) throw this.unexpected('AND or the end');
  }

  unexpected(expected: string, found = this.take()): Problem {
    return refused(`${expected} is expected, not ${found.text.slice(0, 40)}`);
  }

  private takeIf(fits: (token: Token) => boolean): boolean {
    const token = this.tokens[this.next];
    if (!token || !fits(token)) return false;
    this.next++;
    return true;
  }
}

const refused = (why: string): Problem =>
  new Problem('invalid-request', `The predicate cannot be used: ${why}. It takes ${GRAMMAR}.`);
