/**
 * A table of figures, each a ratio against a peer of the same run: the ns of this machine say nothing elsewhere.
 *
 * The unit is of both, ns per call unless said.
 *
 * A comparison is { call, peer, atMost | below | timesFaster }: two names of the figures, and the target if there
 * is one. The ratio is the median of the ratios within each round, so it is not quite that of the medians shown.
 */
import { median } from './rounds.mjs'

function judge(ratio, { atMost, below, timesFaster }) {
  if (atMost !== undefined) return { target: `<= ${atMost}x`, met: ratio <= atMost }
  if (below !== undefined) return { target: `< ${below}x`, met: ratio < below }
  if (timesFaster !== undefined) return { target: `>= ${timesFaster}x faster`, met: 1 / ratio >= timesFaster }
  return { target: '', met: undefined }
}

function row(figures, comparison, unit) {
  const { call, peer, timesFaster } = comparison
  const ratio = median(figures[call].map((ns, round) => ns / figures[peer][round]))
  const { target, met } = judge(ratio, comparison)
  return {
    call,
    [unit]: Math.round(median(figures[call])),
    ratio: timesFaster === undefined ? `${ratio.toFixed(3)}x` : `${(1 / ratio).toFixed(1)}x faster`,
    peer,
    its: Math.round(median(figures[peer])),
    target,
    result: met === undefined ? '' : met ? 'met' : 'MISSED',
  }
}

function print(rows) {
  const columns = Object.keys(rows[0])
  const lines = [columns, ...rows.map((cells) => columns.map((column) => `${cells[column]}`))]
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index].length)))
  const isNumber = (index) => typeof rows[0][columns[index]] === 'number'
  for (const line of lines) {
    const cells = line.map((cell, index) =>
      isNumber(index) ? cell.padStart(widths[index]) : cell.padEnd(widths[index]),
    )
    console.log(cells.join('  ').trimEnd())
  }
}

export function report(title, figures, comparisons, unit = 'ns per call') {
  const rows = comparisons.map((comparison) => row(figures, comparison, unit))
  console.log(`\n${title} (Node ${process.version}, ${process.arch})\n`)
  print(rows)
  const missed = rows.filter(({ result }) => result === 'MISSED')
  for (const { call, ratio, peer, target } of missed) {
    console.log(`\nTarget missed: ${call} is ${ratio} of ${peer}, wanted ${target}`)
  }
}
