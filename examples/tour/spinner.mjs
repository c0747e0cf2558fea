import { onSignal } from 'sigkit'

onSignal('SIGTERM', () => {}, { deadline: { ms: 300, then: 'default' } })
process.stdout.write('ready\n', () => {
  for (;;);
})
