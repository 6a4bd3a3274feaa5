import { Command } from 'commander'
import type { CommandContext } from '../shared/context.ts'
import { SETTINGS_HELP } from './settings-help.ts'

/** `gwh page`: another one-time URL of the page, for another browser. */
export function pageCommand(context: CommandContext): Command {
  return new Command('page')
    .description('Print a URL that opens the page of the running emulator once.')
    .option('--url <url>', 'the emulator; default the one that `gwh dev` started in this folder')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: { url?: string; json?: true }) => {
      const { printPage } = await import('../dev/page.ts')
      await printPage(context, flags)
    })
}

const EXAMPLES = `
${SETTINGS_HELP}

Examples:
  $ gwh page
  $ xdg-open "$(gwh page)"`
