// npm start: what sigkit does, on real processes of this machine.
import { closing, opening } from './tour/print.mjs'

const chapters = ['escalate', 'tree', 'errors', 'queue', 'reuse', 'handlers', 'init', 'refusals']

opening()
for (const chapter of chapters) {
  const { run } = await import(`./tour/${chapter}.mjs`)
  await run()
}
closing()
