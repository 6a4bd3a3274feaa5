import { Argument, Command } from 'commander'
import { SHELLS, type Shell } from '../completion/scripts.ts'
import type { CommandContext } from '../shared/context.ts'

/** `gwh completion <shell>`: prints a script that completes commands, options and event types. */
export function completionCommand({ terminal }: CommandContext): Command {
  return new Command('completion')
    .description('Print a script that completes commands, options and event types in your shell.')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .addHelpText('after', EXAMPLES)
    .action(async (shell: Shell, _: object, command: Command) => {
      const { writeScript } = await import('../completion/scripts.ts')
      const { listPlaces } = await import('../completion/words.ts')
      terminal.lines(writeScript(shell, listPlaces(command.parent!)))
    })
}

const EXAMPLES = `
Examples:
  $ source <(gwh completion bash)          # in ~/.bashrc
  $ source <(gwh completion zsh)           # in ~/.zshrc, after compinit
  $ gwh completion zsh > ~/.zfunc/_gwh     # or in a folder of $fpath, before compinit
  $ gwh completion fish > ~/.config/fish/completions/gwh.fish`
