/**
 * What shells run to complete a command line. Each hands the words up to the cursor to `moraine __complete --`, which
 * answers with a candidate a line, a tab and what it is; a candidate with a '.' at its end goes on. Without an answer
 * the shell completes files.
 */
export type Shell = keyof typeof completionScripts

export const completionScripts = {
  bash: `# For this shell: source <(moraine completion bash); for all: add that line to ~/.bashrc
_moraine() {
  COMPREPLY=()
  local line
  while IFS= read -r line; do
    COMPREPLY+=("$(printf '%q' "\${line%%$'\\t'*}")")
  done < <("\${COMP_WORDS[0]}" __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  if [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *. ]]; then
    compopt -o nospace 2>/dev/null
  fi
}
complete -o default -F _moraine moraine`,

  zsh: `# For this shell: source <(moraine completion zsh); for all: add that line to ~/.zshrc, after compinit
_moraine() {
  local line text
  local -a ends goes_on
  while IFS= read -r line; do
    text=\${\${line%%$'\\t'*}//:/\\\\:}
    if [[ $text == *. ]]; then
      goes_on+=("$text:\${line#*$'\\t'}")
    else
      ends+=("$text:\${line#*$'\\t'}")
    fi
  done < <("$words[1]" __complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)
  if (( $#ends + $#goes_on == 0 )); then
    _files
    return
  fi
  _describe moraine goes_on -S '' -- ends
}
compdef _moraine moraine`,

  fish: `# For this shell: moraine completion fish | source; for all: add that line to ~/.config/fish/config.fish
function __moraine_complete
  set -l words (commandline -opc)
  moraine __complete -- $words[2..-1] (commandline -ct | string collect --allow-empty) 2>/dev/null
end
complete -c moraine -a '(__moraine_complete)'`,
} as const
