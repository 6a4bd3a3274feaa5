/**
 * How the packages of this repository check their options, so that one mistake gives the same error everywhere.
 *
 * @module
 */

export { checkNames, retention, wholeNumber } from './lib/shared/options.ts'
