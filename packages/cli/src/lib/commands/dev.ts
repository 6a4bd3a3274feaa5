import { Command, InvalidArgumentError } from 'commander'
import type { DevFlags } from '../dev/dev.ts'
import type { CommandContext } from '../shared/context.ts'
import { readUrl } from './read-url.ts'

/** `gwh dev`: an emulator for this project, and perhaps the user's program beside it. */
export function devCommand(context: CommandContext): Command {
  return new Command('dev')
    .description("Emulate Google's side for this project, and run your program against it.")
    .argument('[command...]', 'your program, after --; it gets the variables that point at the emulator')
    .option('--forward <url>', 'your receiver', readUrl, 'http://127.0.0.1:3000/webhooks/gemini')
    .option('--port <number>', 'port of the emulator; default 8787, or the next free one', readPort)
    .option('--queue <file or url>', "your receiver's queue, which the page shows; default GWH_QUEUE")
    .option('--scenarios <file>', 'a JSON file or module that says how jobs end')
    .option('--json', 'print one JSON document per delivery and attempt')
    .passThroughOptions()
    .addHelpText('after', EXAMPLES)
    .action(async (command: string[], flags: DevFlags) => {
      const { dev } = await import('../dev/dev.ts')
      process.exitCode = await dev(context, command, flags)
    })
}

const EXAMPLES = `
Examples:
  $ gwh dev
  $ gwh dev -- node server.js
  $ gwh dev --queue deliveries.db -- node server.js
  $ gwh dev --forward http://127.0.0.1:4000/api/webhooks/gemini -- npm run dev`

function readPort(text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return port
  throw new InvalidArgumentError('A port from 0 to 65535 is needed.')
}
