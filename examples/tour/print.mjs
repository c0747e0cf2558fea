// How the tour looks: a heading, the call as one would write it, and what came of it.
import { styleText } from 'node:util'
import { supported } from 'sigkit'

const style = (format, text) =>
  process.stdout.isTTY && !process.env.NO_COLOR ? styleText(format, text) : text

let chapter = 0

export function opening() {
  console.log(style('bold', '\n  sigkit, a tour on real processes'))
  console.log(
    style(
      'dim',
      `  Linux ${process.platform === 'linux' ? '' : '(not here) '}pid ${process.pid}, Node ${process.version}`,
    ),
  )
  if (!supported) console.log('  This is not Linux: most of what follows needs it.')
}

export function heading(text) {
  chapter += 1
  console.log(`\n${style(['bold', 'cyan'], `  ${chapter}. ${text}`)}`)
}

export function say(text) {
  console.log(`     ${text}`)
}

/** A call whose result takes more than a line to tell. */
export function call(text) {
  console.log(`     ${style('dim', '>')} ${text}`)
}

/** One call and its result, or the typed error it threw. */
export function show(call, perform) {
  let outcome
  try {
    const value = perform()
    outcome = style('green', value === undefined ? 'done' : `${value}`)
  } catch (error) {
    outcome = style('yellow', `${error.name} ${error.code}\n       ${error.message}`)
  }
  console.log(`     ${style('dim', '>')} ${call}\n       ${outcome}`)
}

export function closing() {
  console.log(style('dim', '\n  Everything above was done by system calls: no shell, no ps, no polling.\n'))
}
