import { checkSample, useSample } from '@gwh-apps/support'

const options = { folder: new URL('..', import.meta.url) }

checkSample(useSample(options), options)
