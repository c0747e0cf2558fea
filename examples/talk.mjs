// Two processes that talk over real-time signals: a number there, its square back. No pipe, no socket.
import { spawn } from 'node:child_process'
import { PidFd, signalEvents, sigqueue, waitForSignal } from 'sigkit'

const QUESTION = 'SIGRTMIN+1'
const ANSWER = 'SIGRTMIN+2'

if (process.argv[2] === 'squares') {
  const questions = signalEvents(QUESTION)
  process.send('ready')
  for await (const { value, sender } of questions) {
    if (value === 0n) break
    sigqueue(sender.pid, ANSWER, value * value)
  }
  process.disconnect()
} else {
  const child = spawn(process.execPath, [import.meta.filename, 'squares'], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const squares = PidFd.open(child)
  await new Promise((resolve) => child.once('message', resolve))
  for (const number of [2n, 12n, 3_000_000_000n]) {
    const answer = waitForSignal(ANSWER, { timeout: 5000 })
    squares.send(QUESTION, { value: number })
    console.log(`${number} squared is ${(await answer).value}`)
  }
  squares.send(QUESTION, { value: 0 })
  console.log(await squares.exited())
}
