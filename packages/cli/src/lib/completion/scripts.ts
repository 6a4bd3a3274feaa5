import type { Place } from './words.ts'

/** The shells that a script can be made for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const

/** One of them. */
export type Shell = (typeof SHELLS)[number]

/** Writes the script that completes `gwh` in a shell. */
export function writeScript(shell: Shell, places: readonly Place[]): string {
  return { bash, zsh, fish }[shell](places)
}

/** Follows the commands of the line: `at` becomes the path of the innermost one. Works in bash and zsh. */
function walk(places: readonly Place[], words: string): string {
  const paths = places.slice(1).map(({ path }) => path)
  return `  for word in ${words}; do
    case "$at/$word" in
      ${paths.join('|')}) at="$at/$word" ;;
    esac
  done`
}

/** Chooses the words by the place and the word before. Works in bash and zsh. */
function choose(places: readonly Place[]): string {
  const values = places.flatMap(({ path, values }) =>
    values.map(({ option, words }) => `    "${path} ${option}") found="${words.join(' ')}" ;;`),
  )
  const words = places.map(({ path, words }) => `      "${path}") found="${words.join(' ')}" ;;`)
  return `  case "$at $before" in
${values.join('\n')}
    *) case "$at" in
${words.join('\n')}
    esac ;;
  esac`
}

function bash(places: readonly Place[]): string {
  return `# Completes gwh in bash: source <(gwh completion bash)
_gwh() {
  local at="" found="" word before="\${COMP_WORDS[COMP_CWORD-1]}"
${walk(places, `"\${COMP_WORDS[@]:1:COMP_CWORD-1}"`)}
${choose(places)}
  COMPREPLY=($(compgen -W "$found" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _gwh gwh`
}

function zsh(places: readonly Place[]): string {
  return `#compdef gwh
# Completes gwh in zsh: source <(gwh completion zsh)
_gwh() {
  local at="" found="" word before="\${words[CURRENT-1]}"
${walk(places, `"\${(@)words[2,CURRENT-1]}"`)}
${choose(places)}
  compadd -- \${=found} || _files
}
# Loaded from a file in $fpath, this is the body of the function itself.
if [[ \${funcstack[1]} = _gwh ]]; then _gwh "$@"; else compdef _gwh gwh; fi`
}

function fish(places: readonly Place[]): string {
  const paths = places.slice(1).map(({ path }) => path)
  const lines = places.flatMap(({ path, words, values }) => [
    `complete -c gwh -f -n '__gwh_at "${path}"' -a '${words.join(' ')}'`,
    ...values.map(
      ({ option, words }) =>
        `complete -c gwh -x -n '__gwh_at "${path}"' -l ${option.slice(2)} -a '${words.join(' ')}'`,
    ),
  ])
  return `# Completes gwh in fish: gwh completion fish | source
function __gwh_at
  set -l at ""
  for word in (commandline -opc)[2..-1]
    contains -- "$at/$word" ${paths.join(' ')}; and set at "$at/$word"
  end
  test "$at" = "$argv[1]"
end
${lines.join('\n')}`
}
