import { Command } from 'commander'
import packageJson from '../../../package.json' with { type: 'json' }
import { completionCommand } from '../commands/completion.ts'
import { conformanceCommand } from '../commands/conformance.ts'
import { devCommand } from '../commands/dev.ts'
import { doctorCommand } from '../commands/doctor.ts'
import { initCommand } from '../commands/init.ts'
import { pageCommand } from '../commands/page.ts'
import { queueCommand } from '../commands/queue.ts'
import { triggerCommand } from '../commands/trigger.ts'
import { verifyCommand } from '../commands/verify.ts'
import { webhooksCommand } from '../commands/webhooks.ts'
import type { CommandContext } from '../shared/context.ts'

/** Puts the commands together. Each one's own module loads what it needs when it runs, so that `--help` is quick. */
export function createProgram(context: CommandContext): Command {
  const program = new Command('gwh')
    .description('Gemini webhooks from the terminal: develop offline, verify, look into queues.')
    .version(packageJson.version)
    .showSuggestionAfterError()
    .showHelpAfterError('(--help says more)')
    .configureHelp({ showGlobalOptions: true })
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ writeOut: writeTo(context.terminal.out), writeErr: writeTo(context.terminal.note) })
  for (const create of [
    devCommand,
    pageCommand,
    initCommand,
    triggerCommand,
    verifyCommand,
    webhooksCommand,
    queueCommand,
    doctorCommand,
    conformanceCommand,
    completionCommand,
  ]) {
    // `exitOverride` and the like are inherited only by commands that the program creates itself.
    program.addCommand(inherit(create(context), program))
  }
  return program
}

/** What commander writes has its words from the command line. */
const writeTo = (write: (line: string) => void) => (text: string) => {
  for (const line of text.replace(/\n$/, '').split('\n')) write(line)
}

function inherit(command: Command, parent: Command): Command {
  for (const child of command.commands) inherit(child, parent)
  return command.copyInheritedSettings(parent)
}
