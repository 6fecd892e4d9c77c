#!/usr/bin/env bash
# Builds the emulated CUDA driver of the tests, target/emulated/libcuda.so.1, from src/test/cuda/ and the kernels of cuda/:
# what is out of date, two sources at a time. Called by scripts/test; scripts/lib/emulator.sh by hand does the same.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."

output=target/emulated
library=$output/libcuda.so.1
objects=$output/objects

# -mtls-dialect: shared memory is thread-local, and a library that the JVM loads gets no room for that at the start.
flags=(-std=c++17 -O2 -g1 -fPIC -fvisibility=hidden -mtls-dialect=gnu2 -fno-strict-aliasing -U_FORTIFY_SOURCE
    -ffp-contract=off -Wall -Wextra -Wno-unused-function -Wno-unknown-pragmas -Wno-parentheses -Isrc/test/cuda -Icuda)
for extension in fma f16c avx2 avx512f; do # only quicker: the results are the same without
    if grep -qw "$extension" /proc/cpuinfo 2> /dev/null; then
        flags+=("-m$extension")
    fi
done

# What a GPU would fault on and this processor would not; undefined_behaviour.cpp has the functions that these checks call.
checks=(-fsanitize=alignment,bounds,integer-divide-by-zero -fno-sanitize-recover=all)

# Every kernel is there twice: its second object tells race_hooks.cpp of each access to memory.
watched=(-fsanitize=thread)

checks+=(-fno-gnu-unique) # what kernels share of inline functions can't be made their own otherwise

# compile SOURCE OBJECT: also notes which headers it included. All that a kernel's object defines is its own then, so that
# it is taken neither for another source's nor for a function of the C library, nor the watched for the other.
compile() {
    local options=("${flags[@]}")
    [[ $1 != *.cu ]] || options+=("${checks[@]}")
    [[ $2 != *.watched.o ]] || options+=("${watched[@]}")
    "${CXX:-g++}" "${options[@]}" -MMD -MP -MF "$2.d" -x c++ -c "$1" -o "$2.new"
    if [[ $1 == *.cu ]]; then
        ld -r --force-group-allocation "$2.new" -o "$2.own" # no more inline functions to share
        objcopy --wildcard --localize-symbol='*' "$2.own" "$2.new"
        rm "$2.own"
    fi
    mv "$2.new" "$2"
}

# out_of_date OBJECT: whether it, or anything it was made from, is missing or newer.
out_of_date() {
    [[ -f $1 && -f $1.d ]] || return 0
    local word
    while read -r word; do
        [[ -e $word && ! $word -nt $1 ]] || return 0
    done < <(sed -e 's/^[^ ]*:\( \|$\)//' -e 's/\\$//' "$1.d" | tr -s ' ' '\n' | grep -v '^$')
    return 1
}

mkdir -p "$objects"
if [[ ! -f $objects/flags || $(< "$objects/flags") != "${CXX:-g++} ${flags[*]} ${checks[*]} ${watched[*]}" ]]; then
    rm -f "$objects"/*
    echo "${CXX:-g++} ${flags[*]} ${checks[*]} ${watched[*]}" > "$objects/flags"
fi

changed=0
wanted=()
running=()
# make SOURCE SUFFIX: compiles what is out of date, two at a time.
make() {
    local name=${1//\//_}
    local object=$objects/${name%.*}$2
    wanted+=("$object")
    if out_of_date "$object"; then
        changed=1
        if (( ${#running[@]} == 2 )); then
            wait "${running[0]}"
            running=("${running[@]:1}")
        fi
        compile "$1" "$object" &
        running+=($!)
    fi
}

# Linked in this order: the driver's own objects stand between the kernels and their watched twins (see scheduler.cpp).
for source in src/test/cuda/*.cu cuda/*.cu src/test/cuda/*.cpp; do
    make "$source" .o
done
for source in src/test/cuda/*.cu cuda/*.cu; do
    make "$source" .watched.o
done
for job in "${running[@]}"; do
    wait "$job"
done

if (( changed )) || [[ ! -f $library ]] || [[ "${wanted[*]}" != "$(cat "$objects/linked" 2> /dev/null)" ]]; then
    echo '{ global: cu*; local: *; };' > "$objects/exports" # and none of the C++ library's, which the JVM may have too
    "${CXX:-g++}" -shared -Wl,--version-script="$objects/exports" -Wl,-soname,libcuda.so.1 -Wl,-z,noexecstack -Wl,--no-undefined "${wanted[@]}" -lpthread \
        -o "$library.new"
    mv "$library.new" "$library"
    echo "${wanted[*]}" > "$objects/linked"
fi
