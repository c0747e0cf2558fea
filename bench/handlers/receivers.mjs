/** A receiver process with a sender of its own, and what is asked of the two. */
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { compile } from '../c-program.mjs'

const sender = compile('handlers/sender')

/** @param by 'process.on' or 'onSignal' @param loop 'thread' for the way of hosts without libuv */
export function startReceiver({ by, signal, number, loop = '' }) {
  const sending = spawn(sender, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface(sending.stdout)
  const receiver = fork(join(import.meta.dirname, 'receiver.mjs'), [by, signal], {
    stdio: ['ignore', sending.stdin, 'inherit', 'ipc'],
    env: { ...process.env, SIGKIT_LOOP: loop },
  })
  // Or the sender outlives a receiver that has died.
  sending.stdin.destroy()
  const ended = once(receiver, 'exit').then(([code]) => {
    throw new Error(`the receiver of ${signal} by ${by} ended with ${code}`)
  })
  ended.catch(() => {})

  async function ask(question, details) {
    receiver.send({ question, number, ...details })
    const [answer] = await Promise.race([once(receiver, 'message'), ended])
    return answer
  }

  return {
    ask,
    /** The ns from each signal's sending to its callback. @param loop 'busy' or 'idle' */
    async latency(loop, count) {
      const line = once(lines, 'line')
      const { times } = await ask('latency', { loop, count })
      const sent = (await line)[0].trim().split(' ')
      return times.map((time, i) => Number(BigInt(time) - BigInt(sent[i])))
    },
    /** @param from 'self' or 'sender' */
    async storm(from, count) {
      const line = from === 'sender' && once(lines, 'line')
      await ask('storm', { from, count })
      await line
      return ask('settled')
    },
    stop: () => receiver.kill('SIGKILL'),
  }
}
