// A server that stops when asked, cannot hang in doing so, and tells its parent the truth.
// Try: node examples/graceful-shutdown.mjs, then Ctrl-C once, or twice.
import { createServer } from 'node:http'
import { exitBySignal, onSignal } from 'sigkit'

const server = createServer((request, response) => setTimeout(() => response.end('done\n'), 3000))
server.listen(0, () =>
  console.log(`pid ${process.pid}: curl http://localhost:${server.address().port}, then Ctrl-C`),
)

onSignal(
  ['SIGINT', 'SIGTERM'],
  async ({ signal, sender }) => {
    console.log(
      `${signal}${sender?.comm ? ` from ${sender.comm} (pid ${sender.pid})` : ''}: finishing what is under way`,
    )
    await new Promise((resolve) => server.close(resolve))
    exitBySignal(signal)
  },
  { identifySender: true, deadline: { ms: 10_000, then: 'default' }, onSecond: 'default' },
)
