import type { Report, Series } from './benchmark.js';
import { median, spread } from './statistics.js';

/** A report as a table for people. */
export function renderTable(bench: string, machine: string, report: Report): string {
  const { headline, limit, others, ratio } = report;
  const rows = [row(headline), row(limit, 'limit: '), ...others.map((series) => row(series))];
  const header = ['', 'median', 'unit', 'spread', 'rounds'];
  const widths = header.map((_, column) =>
    Math.max(...[header, ...rows].map((cells) => cells[column]!.length)),
  );
  const lines = [header, ...rows].map((cells) =>
    cells
      .map((cell, column) =>
        column === 0 || column === 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
      )
      .join('  ')
      .trimEnd(),
  );
  const notes = (report.notes ?? []).map((note) => `  ${note}`);
  return [
    '',
    `${bench}: ${report.data}`,
    `  ${machine}`,
    ...notes,
    '',
    ...lines,
    '',
    `ratio ${figure(ratio)}  (${headline.label} / ${limit.label})`,
    '',
  ].join('\n');
}

/** A report as one JSON object on one line. */
export function renderJson(bench: string, report: Report): string {
  const { headline, limit, others, ratio } = report;
  const metrics = Object.fromEntries(
    [headline, ...others].map(({ name, values, unit }) => [name, { value: rounded(median(values)), unit }]),
  );
  return JSON.stringify({
    bench,
    metrics,
    limit: { name: limit.name, value: rounded(median(limit.values)), unit: limit.unit },
    ratio: rounded(ratio),
  });
}

function row({ label, unit, values }: Series, prefix = ''): string[] {
  const apart = values.length > 1 ? `±${(spread(values) * 100).toFixed(0)} %` : '';
  return [`${prefix}${label}`, figure(median(values)), unit, apart, String(values.length)];
}

/** Three digits that count, and thousands apart. */
function figure(value: number): string {
  return value.toLocaleString('en', Math.abs(value) >= 100 ? { maximumFractionDigits: 0 } : THREE_DIGITS);
}

const THREE_DIGITS = { maximumSignificantDigits: 3 };

function rounded(value: number): number {
  return Number(value.toPrecision(6));
}
