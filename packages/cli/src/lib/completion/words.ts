import type { Command } from 'commander'

/** What can follow at one place of a command line. */
export interface Place {
  /** The commands so far, each after a slash: `/queue/list`; empty for `gwh` alone. */
  readonly path: string
  /** Commands, options and values of arguments. */
  readonly words: readonly string[]
  /** The values of its options, where they are known. */
  readonly values: readonly { readonly option: string; readonly words: readonly string[] }[]
}

/** Lists every place of a program, outermost first. */
export function listPlaces(command: Command, path = ''): Place[] {
  const names = command.commands.map((child) => child.name())
  const options = command.options.flatMap(({ long }) => long ?? [])
  const values = command.options.flatMap(({ long, argChoices }) =>
    long && argChoices ? [{ option: long, words: argChoices }] : [],
  )
  const choices = command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices)
  const place = { path, words: [...names, ...choices, ...options, '--help'], values }
  return [place, ...command.commands.flatMap((child) => listPlaces(child, `${path}/${child.name()}`))]
}
