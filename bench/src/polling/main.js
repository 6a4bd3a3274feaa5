// What polling costs, and what webhooks cost: 100 jobs of mixed kind, the same for each, with the real SDK against the
// emulator on a virtual clock. Prints a table of requests and of delays from the end of a job until it is handled.
import { measure } from './measure.ts'
import { pollAll, pollEach } from './pollers.ts'
import { useWebhooks } from './webhooks.ts'

const CONTENDERS = [
  { name: 'poll each job every 5 s', start: (deps) => pollEach(deps, 5000) },
  { name: 'poll each job every 30 s', start: (deps) => pollEach(deps, 30000) },
  { name: 'list batches, poll the rest, every 30 s', start: (deps) => pollAll(deps, 30000) },
  { name: 'webhooks (`createJobs`)', start: useWebhooks },
]
const measured = []
for (const contender of CONTENDERS) measured.push(await measure(contender))
const [base] = measured
console.log(
  '| 100 jobs, of 1 to 60 minutes | requests for states | for results | all | median delay | p99 delay |',
)
console.log('| --- | ---: | ---: | ---: | ---: | ---: |')
for (const { name, states, results, delaysMs } of measured) {
  const all = states + results
  const less =
    all === base.states + base.results
      ? ''
      : ` (−${(100 - (100 * all) / (base.states + base.results)).toFixed(1)} %)`
  const columns = [
    name,
    count(states),
    count(results),
    count(all) + less,
    at(delaysMs, 0.5),
    at(delaysMs, 0.99),
  ]
  console.log(`| ${columns.join(' | ')} |`)
}
function at(delaysMs, share) {
  const ordered = delaysMs.toSorted((one, other) => one - other)
  const delayMs = ordered[Math.ceil(share * ordered.length) - 1]
  return delayMs >= 1000 ? `${(delayMs / 1000).toFixed(1)} s` : `${delayMs.toFixed(0)} ms`
}
function count(value) {
  return value.toLocaleString('en-US')
}
