import { Command, Option } from 'commander'
import type { InitFlags } from '../init/init.ts'
import { FRAMEWORKS } from '../init/templates.ts'
import type { CommandContext } from '../shared/context.ts'

/** `gwh init`: writes a receiver for the project in this folder. */
export function initCommand(context: CommandContext): Command {
  return new Command('init')
    .description(
      'Write a receiver for the framework in package.json, and say what to run next. Overwrites nothing.',
    )
    .addOption(new Option('--framework <name>', 'default: what package.json shows').choices(FRAMEWORKS))
    .option('--file <path>', 'the file to write')
    .option('--dynamic', 'for dynamic webhooks, which each job names itself; default static ones')
    .option('--install', 'install what the receiver imports')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: InitFlags) => {
      const { init } = await import('../init/init.ts')
      process.exitCode = await init(context, flags)
    })
}

const EXAMPLES = `
Examples:
  $ gwh init --install
  $ gwh init --dynamic
  $ gwh init --framework hono --file src/webhooks.ts`
