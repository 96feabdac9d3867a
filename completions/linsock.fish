# SPDX-License-Identifier: MIT
# Completion of linsock for fish. Subcommands and options are read from the help of the
# command itself, so that there is no second list of them.

function __linsock_rows
	linsock $argv --help 2>/dev/null | string match -rg '^  ([a-z][a-z0-9-]*)  *(\S.*)$' |
		while read -L name; read -L summary; printf '%s\t%s\n' $name $summary; end
end

function __linsock_options
	linsock $argv --help 2>/dev/null | string match -arg -- '(--[a-z][a-z-]*)' | sort -u
end

function __linsock_words
	commandline -opc | string match -rv -- '^-|://' | tail -n +2
end

complete -c linsock -n 'test (count (__linsock_words)) -eq 0' -f -a '(__linsock_rows)'
complete -c linsock -n 'test "$(__linsock_words)" = alg' -f -a '(__linsock_rows alg)'
complete -c linsock -n 'test "$(__linsock_words)" = can' -f -a '(__linsock_rows can)'
complete -c linsock -n 'test "$(__linsock_words | string join " ")" = "can isotp"' -f -a '(__linsock_rows can isotp)'
complete -c linsock -n 'test "$(__linsock_words | string join " ")" = "can j1939"' -f -a '(__linsock_rows can j1939)'
complete -c linsock -n 'test "$(__linsock_words)" = qipcrtr' -f -a '(__linsock_rows qipcrtr)'
complete -c linsock -n 'test "$(__linsock_words)" = rds' -f -a '(__linsock_rows rds)'
complete -c linsock -n 'test "$(__linsock_words)" = xdp' -f -a '(__linsock_rows xdp)'
complete -c linsock -n 'test "$(__linsock_words)" = vm' -f -a '(__linsock_rows vm)'
complete -c linsock -n 'contains probe (__linsock_words)' -f -a '(linsock probe --names)'
complete -c linsock -n 'string match -q -- "-*" (commandline -ct)' -f -a '(__linsock_options (__linsock_words)[1..3])'
