import { readFileSync } from 'node:fs'
import { checkSample, useSample } from '@gwh-test/support'
import { expect, test } from 'vitest'

const options = {
  folder: new URL('..', import.meta.url),
  // Deno would ask the network for its newest version.
  env: () => ({ DENO_NO_UPDATE_CHECK: '1' }),
}

checkSample(useSample(options), options)

test('it may use only the network, files and the variables in its README', () => {
  const { scripts } = JSON.parse(readFileSync(new URL('package.json', options.folder), 'utf8'))
  const readme = readFileSync(new URL('README.md', options.folder), 'utf8')
  const variables = [...readme.matchAll(/^\| `(\w+)`/gm)].map(([, variable]) => variable)
  const [, env, ...others] = scripts.start.match(/ -\S+/g)!
  expect(env).toMatch(/^ --allow-env=\w/)
  expect(env.split('=')[1].split(',').toSorted()).toEqual(variables.toSorted())
  expect(others).toEqual([' --allow-read', ' --allow-write'])
})
