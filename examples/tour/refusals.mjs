import { kill, killpg } from 'sigkit'
import { heading, say, show } from './print.mjs'

export function run() {
  heading('What an empty pid file must not do')
  const pid = Number('')
  say(`Number('') is ${pid}, and kill(0) is "everybody in my own process group, me included"`)
  show(`kill(${pid}, 'SIGKILL')`, () => kill(pid, 'SIGKILL'))
  show('killpg(1)                      // in C: every process of this machine', () => killpg(1))
  show("kill(4242, 'SIGTREM')", () => kill(4242, 'SIGTREM'))
}
