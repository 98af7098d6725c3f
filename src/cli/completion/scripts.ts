/** The scripts that teach a shell to ask `rouse __complete`. Each asks the program that is being completed, wherever it is. */

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

export function completionScript(shell: Shell): string {
  return SCRIPTS[shell].trim();
}

/** Bash breaks words at `=` and `:` too; the candidates are whole words, so names with neither are safe. */
const BASH = `
_rouse() {
  local IFS=$'\\n'
  COMPREPLY=($("\${COMP_WORDS[0]}" __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _rouse rouse
`;

const ZSH = `
#compdef rouse
_rouse() {
  local -a candidates
  candidates=("\${(@f)$("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  candidates=("\${(@)candidates:#}")
  if (( \${#candidates} )); then compadd -- "\${candidates[@]}"; else _files; fi
}
if [ "\${funcstack[1]}" = "_rouse" ]; then _rouse "$@"; else compdef _rouse rouse; fi
`;

const FISH = `
function __rouse_complete
  set -l words (commandline -opc) (commandline -ct)
  $words[1] __complete -- $words[2..-1] 2>/dev/null
end
complete -c rouse -a '(__rouse_complete)'
`;

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
