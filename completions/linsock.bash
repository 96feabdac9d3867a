# SPDX-License-Identifier: MIT
# Completion of linsock for bash. Subcommands and options are read from the help of the
# command itself, so that there is no second list of them.
# shellcheck shell=bash

# The words that "linsock WORDS --help" offers: rows of a group, or long options.
_linsock_words() {
	linsock "$@" --help 2>/dev/null | awk '
		/^usage:.* COMMAND / { is_group = 1 }
		is_group && /^  [a-z][a-z0-9-]* / { print $1 }
		!is_group { while (match($0, /--[a-z][a-z-]*=?/)) {
			word = substr($0, RSTART, RLENGTH); $0 = substr($0, RSTART + RLENGTH)
			if (!seen[word]++) print word } }'
}

_linsock() {
	local current=${COMP_WORDS[COMP_CWORD]} word
	local path=()
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		[[ $word == -* || $word == *://* ]] || path+=("$word")
	done
	COMPREPLY=()
	if [[ ${path[0]:-} == probe && $current != -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(linsock probe --names 2>/dev/null)" -- "$current")
	elif [[ ${#path[@]} -lt 3 || $current == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_linsock_words "${path[@]:0:3}")" -- "$current")
		# Options are offered to who begins one.
		[[ $current == -* || ${COMPREPLY[0]:-} != -* ]] || COMPREPLY=()
	fi
	[[ ${COMPREPLY[0]:-} != *= ]] || compopt -o nospace 2>/dev/null
	[[ ${#COMPREPLY[@]} -gt 0 ]] || mapfile -t COMPREPLY < <(compgen -f -- "$current")
}

complete -F _linsock linsock
