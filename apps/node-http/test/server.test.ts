import { checkSample, useSample } from '@gwh-test/support'

const options = { folder: new URL('..', import.meta.url) }

checkSample(useSample(options), options)
