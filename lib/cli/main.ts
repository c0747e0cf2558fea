#!/usr/bin/env node
/** The `sigkit` command: finds the subcommand, and says what went wrong. A subcommand is one file of this folder. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { closest, distance } from 'fastest-levenshtein'
import { supported } from '../native.js'
import { CommandError, complain, exitCode, print, UsageError, type Command } from './usage.js'

/* Each loaded when it is asked for. */
/* eslint-disable @typescript-eslint/no-require-imports */
const commands: Readonly<Record<string, () => Command>> = {
  init: () => (require('./init.js') as typeof import('./init.js')).init,
}
/* eslint-enable @typescript-eslint/no-require-imports */

const names = Object.keys(commands)
const allUsage = (): string => names.map((name) => `sigkit ${commands[name]?.().usage ?? name}`).join('\n\n')

function find(name: string): Command {
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (load !== undefined) return load()
  const near = closest(name, names)
  const hint = distance(name, near) <= Math.max(2, near.length / 2) ? ` (did you mean '${near}'?)` : ''
  throw new UsageError(`unknown command '${name}'${hint}`)
}

async function run([name, ...args]: string[]): Promise<number> {
  if (name === undefined) throw new UsageError('which command?')
  if (name === '--help' || name === '-h' || name === 'help') {
    print(allUsage())
    return exitCode.done
  }
  if (name === '--version') {
    const manifest = readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8')
    print((JSON.parse(manifest) as { version: string }).version)
    return exitCode.done
  }
  const command = find(name)
  if (!supported) throw new CommandError(`${name} needs Linux`, exitCode.cannotRun)
  return command.run(args)
}

run(process.argv.slice(2)).then(
  (code) => {
    process.exit(code)
  },
  (error: unknown) => {
    if (error instanceof UsageError) {
      complain(`${error.message}; see sigkit --help`)
      process.exit(exitCode.usage)
    }
    if (error instanceof CommandError) {
      complain(error.message)
      process.exit(error.exitCode)
    }
    throw error
  },
)
