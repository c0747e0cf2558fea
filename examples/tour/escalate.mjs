import { exitCodeOf, kill, tryKill } from 'sigkit'
import { stubborn } from './children.mjs'
import { heading, say, show } from './print.mjs'

export async function run() {
  heading('A child that ignores SIGTERM')
  const { child, nextLine, ended } = await stubborn()
  say(`started pid ${child.pid}`)
  show(`kill(${child.pid}, 0)             // is it there?`, () => kill(child.pid, 0) ?? 'it is there')
  show(`kill(${child.pid}, 'SIGTERM')     // accepted is not obeyed`, () => kill(child.pid, 'SIGTERM'))
  say(`the child says: ${await nextLine()}`)
  show(`kill(${child.pid}, 'SIGKILL')`, () => kill(child.pid, 'SIGKILL'))
  const [code, signal] = await ended
  say(`it ended: code ${code}, signal ${signal}; a shell would say ${exitCodeOf({ code, signal })}`)
  show(`tryKill(${child.pid}, 0)          // no exception to pay for`, () => tryKill(child.pid, 0))
}
