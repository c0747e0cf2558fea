/** Programs of the system, without the sanitizer's runtime that the addon's host may carry in LD_PRELOAD. */
import { execFileSync } from 'node:child_process'

const environment = { ...process.env }
delete environment.LD_PRELOAD

/** What a command prints. */
export function output(command: string, ...args: string[]): string {
  return execFileSync(command, args, {
    encoding: 'utf8',
    env: environment,
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 30_000,
  })
}

export function bash(script: string): string {
  return output('bash', '-c', script)
}
