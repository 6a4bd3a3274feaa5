import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EVENT_TYPES } from '@gwh/core/events'
import { expect, test } from 'vitest'
import { FAULT_NAMES } from '../src/lib/trigger/faults.ts'
import { emptyFolder, gwh } from './support.ts'

const quote = (word: string) => `'${word}'`
const lines = (text: string) => text.split('\n').filter((line) => line !== '')

/** Writes the script of a shell into a folder; returns its path. */
async function writeScript(shell: string, name = 'script'): Promise<string> {
  const path = join(emptyFolder(), name)
  const { code, stdout } = await gwh(emptyFolder(), ['completion', shell])
  expect(code).toBe(0)
  writeFileSync(path, stdout)
  return path
}

/** Has each shell complete the last word after the others, and returns what it offers. */
const SHELLS: Record<string, (script: string, words: readonly string[]) => string[]> = {
  bash(script, words) {
    const line = ['gwh', ...words].map(quote).join(' ')
    const run = `. ${script}; COMP_WORDS=(${line}) COMP_CWORD=${words.length}; _gwh; printf '%s\\n' "\${COMPREPLY[@]}"`
    return lines(execFileSync('bash', ['--norc', '-c', run], { encoding: 'utf8' }))
  },
  zsh(script, words) {
    const line = ['gwh', ...words].map(quote).join(' ')
    // Without a terminal there is no line editor: `compadd` prints what it would offer, and picks nothing.
    const stubs = 'compdef() {}; _files() {}; compadd() { shift; print -rl -- "$@" }'
    const run = `${stubs}; . ${script}; words=(${line}) CURRENT=${words.length + 1}; _gwh`
    const offered = lines(execFileSync('zsh', ['-f', '-c', run], { encoding: 'utf8' }))
    return offered.filter((word) => word.startsWith(words.at(-1)!))
  },
  fish(script, words) {
    const run = `source ${script}; complete -C ${quote(['gwh', ...words].join(' '))}`
    return lines(execFileSync('fish', ['--no-config', '-c', run], { encoding: 'utf8' }))
  },
}

const JWKS_FAULTS = FAULT_NAMES.filter((name) => name.startsWith('jwks_'))

test.each(Object.entries(SHELLS))(
  '%s completes commands, event types, options and their values',
  async (shell, complete) => {
    const script = await writeScript(shell)
    const offered = (...words: string[]) => complete(script, words).sort()
    expect(offered('tri')).toEqual(['trigger'])
    expect(offered('trigger', 'batch.')).toEqual(
      EVENT_TYPES.filter((type) => type.startsWith('batch.')).sort(),
    )
    expect(offered('trigger', '--dyn')).toEqual(['--dynamic'])
    expect(offered('trigger', 'batch.failed', '--fault', 'jwks_')).toEqual([...JWKS_FAULTS].sort())
    expect(offered('webhooks', 're')).toEqual(['register'])
    expect(offered('webhooks', 'update', 'id', '--state', '')).toEqual(['disabled', 'enabled'])
    expect(offered('queue', '--que')).toEqual([])
    expect(offered('queue', 'list', '--que')).toEqual(['--queue'])
  },
)

test('zsh finds the function in its path, and the first use completes', async () => {
  const folder = join(await writeScript('zsh', '_gwh'), '..')
  const stubs = '_files() {}; compadd() { shift; print -rl -- "$@" }'
  const load = `fpath=(${folder} $fpath); autoload -Uz compinit; compinit -u -D; print $_comps[gwh]`
  const run = `${load}; ${stubs}; words=(gwh tri) CURRENT=2; _gwh`
  const printed = lines(execFileSync('zsh', ['-f', '-c', run], { encoding: 'utf8' }))
  expect(printed[0]).toBe('_gwh')
  expect(printed).toContain('trigger')
})
