// Writes down who asks this process to end, then ends by that very signal.
// Try: node examples/who-killed-me.mjs, and kill it from another terminal.
import { readFileSync } from 'node:fs'
import { exitBySignal, onSignal } from 'sigkit'

function ancestors(pid) {
  const chain = []
  for (let at = pid; at > 0 && chain.length < 10;) {
    try {
      const status = readFileSync(`/proc/${at}/status`, 'utf8')
      chain.push(`${/^Name:\t(.*)$/m.exec(status)[1]}(${at})`)
      at = Number(/^PPid:\t(\d+)$/m.exec(status)[1])
    } catch {
      break // gone already: its name came with the signal
    }
  }
  return chain
}

onSignal(
  ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'],
  ({ signal, code, sender, infoLost }) => {
    const by =
      sender === null
        ? infoLost
          ? 'nobody knows whom'
          : 'the kernel'
        : `${sender.comm ?? '?'} (pid ${sender.pid}, uid ${sender.uid})`
    console.log(`${new Date().toISOString()} ${signal} (${code}) by ${by}`)
    if (sender !== null) console.log(`  ${ancestors(sender.pid).join(' < ')}`)
    exitBySignal(signal)
  },
  { identifySender: true, keepAlive: true, onSecond: 'default' },
)
console.log(`pid ${process.pid} waits to be killed`)
