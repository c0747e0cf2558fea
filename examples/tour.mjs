// npm start: what sigkit does, on real processes of this machine.
import { closing, opening } from './tour/print.mjs'

const chapters = ['escalate', 'errors', 'queue', 'reuse', 'handlers', 'tree', 'refusals']

opening()
for (const chapter of chapters) {
  const { run } = await import(`./tour/${chapter}.mjs`)
  await run()
}
closing()
