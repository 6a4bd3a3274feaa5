#!/usr/bin/env node

/**
 * The command `gwh`.
 *
 * @module
 */

import { main } from './lib/program/main.ts'
import { EXIT } from './lib/shared/exit-codes.ts'

process.exitCode = await main(process.argv.slice(2))
// A request that Ctrl-C interrupted would keep the process alive until it is answered.
if (process.exitCode === EXIT.interrupted) process.exit()
