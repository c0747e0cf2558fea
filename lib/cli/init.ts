/**
 * `sigkit init`: runs one command under a correct PID 1.
 *
 * This process has no other work, so what the library may not do inside an application is right here: it owns every
 * child, so wait4(-1) may reap; and it takes every signal, those included that onSignal refuses.
 */
import { setChildSubreaper, isChildSubreaper } from './init/subreaper.js'
import { parseRewrites } from './init/rewrites.js'
import { supervise } from './init/supervise.js'
import { complain, exitCode, parseOptions, print, UsageError, type Command } from './usage.js'

const DEFAULT_GRACE = 5000
const MAX_GRACE = 2 ** 31 - 1

const usage = `init [-s] [-g] [-r FROM:TO]... [--grace MS] -- COMMAND [ARG...]

Runs COMMAND as its child: reaps orphans, forwards every signal, and exits with the code of COMMAND,
with 128 + N when signal N ended it, with 126 when it cannot be run and 127 when it is not found.

  -s, --subreaper        adopt orphans where this is not PID 1 (PR_SET_CHILD_SUBREAPER)
  -g, --group            signals go to the process group of COMMAND, not to it alone
  -r, --rewrite FROM:TO  forward TO in place of FROM; names or numbers; TO 0 drops the signal
      --grace MS         how long what COMMAND leaves behind may take to end after SIGTERM
                         before SIGKILL (default ${DEFAULT_GRACE})`

const options = {
  subreaper: { type: 'boolean', short: 's' },
  group: { type: 'boolean', short: 'g' },
  rewrite: { type: 'string', short: 'r', multiple: true },
  grace: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

/** Options end at `--` or at the first word that is none, as everywhere where a command follows. */
function commandStart(args: string[]): { end: number; command: number } {
  const { tokens } = parseOptions({ args, options, strict: false, allowPositionals: true, tokens: true })
  for (const { kind, index } of tokens) {
    if (kind === 'option-terminator') return { end: index, command: index + 1 }
    if (kind === 'positional') return { end: index, command: index }
  }
  return { end: args.length, command: args.length }
}

function graceOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_GRACE
  const grace = /^\d+$/.test(text) ? Number(text) : NaN
  if (grace <= MAX_GRACE) return grace
  throw new UsageError(`--grace must be milliseconds, 0 to ${MAX_GRACE}, not '${text}'`)
}

export const init: Command = {
  usage,
  run(args) {
    const { end, command: start } = commandStart(args)
    const { values } = parseOptions({ args: args.slice(0, end), options })
    if (values.help === true) {
      print(`sigkit ${usage}`)
      return exitCode.done
    }
    const rewrites = parseRewrites(values.rewrite ?? [])
    const grace = graceOf(values.grace)
    const command = args.slice(start)
    if (command.length === 0) throw new UsageError('init: which command? sigkit init -- COMMAND [ARG...]')

    if (values.subreaper === true) setChildSubreaper()
    const adopts = process.pid === 1 || isChildSubreaper()
    if (!adopts) {
      complain(
        'init is neither PID 1 nor a child subreaper, so orphans are not given to it: pass -s, or run it as PID 1',
      )
    }
    return supervise({ command, group: values.group === true, rewrites, grace, adopts })
  },
}
