# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Build a module for the kernels that scripts/kernels has fetched, out of Debian's
# headers, and put it among theirs. Who sources this sets
#
#   MODULE    its name
#   PLACE     its folder below kernel/
#   USAGE     what -h says
#   SOURCE    a file whose change means to build anew; may be empty
#
# and defines module_packages SERIES, which names packages besides the headers, and
# module_sources WORK, which fills WORK/module.

# Turn the kernel's package into those that a module is built with.
headers_of() {
	local release=${1#linux-image-} series=$2 base
	base=${release%-amd64}
	printf 'linux-headers-%s linux-headers-%s-common ' "$release" "$base"
	# Before 6.12 there was one for all kernels of a series.
	if [[ $series == 6.1 ]]; then
		printf 'linux-kbuild-%s' "$series"
	else
		printf 'linux-kbuild-%s' "$base"
	fi
}

fetch() {
	local suite=$1 work=$2
	shift 2
	[[ ! -d $work/raw ]] || return 0
	python3 "$ROOT/scripts/lib/private_apt.py" unpack --suite "$suite" \
		--work "$DEPS/apt" --into "$work/raw" "$@"
}

# Tools of a newer suite want a newer C library than this machine's: they get the
# suite's own, and its loader.
lend_libraries() {
	local suite=$1 work=$2 tool
	local folder=$work/lent/usr/lib/x86_64-linux-gnu
	while read -r tool; do
		[[ $(head -c 4 "$tool" | tail -c 3) == ELF ]] || continue
		[[ $(ldd "$tool" 2>&1) == *'not found'* ]] || continue
		[[ -d $work/lent ]] ||
			python3 "$ROOT/scripts/lib/private_apt.py" unpack --suite "$suite" \
				--work "$DEPS/apt" --into "$work/lent" \
				libc6 libelf1t64 libssl3t64 libzstd1 zlib1g
		mv "$tool" "$tool.bin"
		printf '#!/bin/sh\nexec %s --library-path %s %s.bin "$@"\n' \
			"$folder/ld-linux-x86-64.so.2" "$folder" "$tool" >"$tool"
		chmod +x "$tool"
	done < <(find "$work/raw/usr/lib" -path '*/linux-kbuild-*' -type f -perm -1 \
		! -name '*.bin')
}

# A compiler that leaves out the options that it does not know: newer kernels ask
# for what only newer compilers have, and none of it changes what a module is.
write_compiler() {
	cat >"$1" <<-'END'
	#!/usr/bin/env python3
	import subprocess, sys
	arguments = sys.argv[1:]
	for _ in range(20):
	    done = subprocess.run(["gcc", *arguments], stderr=subprocess.PIPE, text=True)
	    if done.returncode == 0:
	        break
	    unknown = [one for one in arguments if one.startswith("-")
	               and f"\u2018{one}\u2019" in done.stderr
	               or one.startswith("-std=") and f"{one[5:]}" in done.stderr
	               and "unrecognized" in done.stderr]
	    if not unknown:
	        break
	    arguments = ["-std=gnu2x" if one == "-std=gnu23" else one for one in arguments
	                 if one not in unknown or one == "-std=gnu23"]
	sys.stderr.write(done.stderr)
	sys.exit(done.returncode)
	END
	chmod +x "$1"
}

build() {
	local work=$1 release=$2 headers
	headers=$work/raw/usr/src/linux-headers-$release
	# The packages name their own places, where nobody has installed them.
	sed -i "s|\([ =]\)/usr/src/|\1$work/raw/usr/src/|" "$headers/Makefile"
	mkdir -p "$work/module"
	module_sources "$work"
	write_compiler "$work/compiler"
	LC_ALL=C.UTF-8 make -C "$headers" M="$work/module" CC="$work/compiler" \
		CONFIG_DEBUG_INFO_BTF_MODULES= modules >"$work/build.log" 2>&1 ||
		{ tail -n 20 "$work/build.log" >&2; return 1; }
}

make_module() {
	local series=$1 image version suite modules work release file
	local kernel=$DEPS/kernels/$series
	[[ -s $kernel/package ]] || die "no kernel $series: scripts/kernels $series"
	read -r image version suite <"$kernel/package"
	release=${image#linux-image-}
	modules=$(find "$kernel" -type d -path "*/lib/modules/$release" -print -quit)
	[[ -n $modules ]] || die "kernel $series has no modules"
	file=$modules/kernel/$PLACE/$MODULE.ko
	if [[ $RENEW -eq 0 && -s $file && ! $SOURCE -nt $file ]]; then
		printf '%-6s %s\n' "$series" "$file"
		return
	fi
	say "${BOLD}Building $MODULE for $release${PLAIN} ..."
	work=$DEPS/$MODULE/$series
	mkdir -p "$work"
	# shellcheck disable=SC2046 # lists of names
	fetch "$suite" "$work" \
		$(module_packages "$(cut -d. -f1,2 <<<"$version")") \
		$(headers_of "$image" "$(cut -d. -f1,2 <<<"$version")") ||
		die "what kernel $series is built with could not be fetched"
	lend_libraries "$suite" "$work"
	build "$work" "$release" || die "$MODULE could not be built for $release"
	mkdir -p "$(dirname "$file")"
	strip --strip-debug -o "$file" "$work/module/$MODULE.ko"
	rm -rf "$work"
	printf '%-6s %s\n' "$series" "$file"
}

module_main() {
	local series
	RENEW=0
	if [[ ${1:-} == -h || ${1:-} == --help ]]; then
		printf '%s\n' "$USAGE"
		return
	fi
	if [[ ${1:-} == -u ]]; then
		RENEW=1
		shift
	fi
	[[ $# -gt 0 ]] || set -- 6.1 6.12 7
	mkdir -p "$DEPS/$MODULE"
	exec 9>"$DEPS/$MODULE/.lock"
	flock 9
	for series; do
		make_module "$series"
	done
}
