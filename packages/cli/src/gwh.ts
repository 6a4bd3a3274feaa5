#!/usr/bin/env node
/**
 * The command `gwh`.
 *
 * @module
 */

import { main } from './lib/program/main.ts'

process.exitCode = await main(process.argv.slice(2))
