import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { basename } from 'node:path'
import { BATCH, median, SAMPLE_MS } from './rounds.mjs'

/** The path of the program that is made of `NAME.c`. */
export function compile(name) {
  const source = `${import.meta.dirname}/${name}.c`
  const program = `${import.meta.dirname}/build/${basename(name)}`
  mkdirSync(`${import.meta.dirname}/build`, { recursive: true })
  execFileSync('cc', ['-O2', '-o', program, source], { stdio: 'inherit' })
  return program
}

/** The sampler of a C loop: `NAME.c` takes calls per batch and ms, and prints the ns per call of each batch. */
export function cProgram(name) {
  const program = compile(name)
  return () => {
    const output = execFileSync(program, [`${BATCH}`, `${SAMPLE_MS}`], { encoding: 'utf8' })
    return median(output.trim().split('\n').map(Number))
  }
}
