# Sourced by scripts/lib/setup.sh and by the launcher of a bundle: how the JVM is started, in a checkout and out of it.

# java_command HOME MAJOR CLASS_PATH: sets java (the JVM of version MAJOR at HOME, with its flags) and main (class path
# and main class).
java_command() {
    java=(
        "$1/bin/java"
        -XX:+UseParallelGC              # throughput: pauses matter to nobody here
        -XX:MaxRAMPercentage=60         # the rest is for buffers outside the heap,
        -XX:MaxDirectMemorySize=1024g   # which the machine bounds, not a default
        -Djava.awt.headless=true
        # The CPU backend loads the vector module through this package, when it needs it. Naming the module in
        # --add-modules costs 20 ms at every start and prints a warning that no option turns off.
        --add-exports java.base/jdk.internal.module=ALL-UNNAMED
        # Standard output is for results, so the JVM warns on standard error; an unusable class archive is no news.
        -Xlog:disable -Xlog:all=warning:stderr "-Xlog:cds*=off:stderr"
    )
    if (( $2 >= 22 )); then
        java+=(--enable-native-access=ALL-UNNAMED) # oneDNN and CUDA are native code, of which later JDKs warn
    fi
    if (( $2 >= 23 )); then
        java+=(--sun-misc-unsafe-memory-access=allow) # frees the CPU's buffers at once; Java 17 has no other way
    fi
    main=(-cp "$3" dev.bulwark.cli.Main)
}

# run_bulwark FOLDER [ARGUMENT...]: becomes the command line; the shipped networks are in FOLDER/models.
run_bulwark() {
    export BULWARK_HOME=$1 BULWARK_LAUNCHER=$0 # as it was called, to be named in what it says
    shift
    export OMP_NUM_THREADS=1 # the CPU backend owns its threads: each calls oneDNN on its own
    # With fewer, the JVM ends in a trace before it reaches a line of ours: classes and libraries are files.
    local files
    files=$(ulimit -n)
    if [[ $files != unlimited ]] && (( files < 64 )); then
        printf 'bulwark: too many open files: raise the limit with ulimit -n, from %s to 64 at least\n' "$files" >&2
        exit 1
    fi

    if [[ -t 2 ]]; then export BULWARK_TERMINAL=1; else export BULWARK_TERMINAL=0; fi # bars for people, lines for logs
    if [[ -t 1 ]]; then export BULWARK_TERMINAL_OUT=1; else export BULWARK_TERMINAL_OUT=0; fi # colours likewise
    local size
    if [[ -t 2 ]] && size=$(stty size <&2 2> /dev/null); then
        export BULWARK_COLUMNS=${size#* } # what lines are fitted to
    elif [[ -t 1 ]] && size=$(stty size <&1 2> /dev/null); then
        export BULWARK_COLUMNS=${size#* }
    fi

    # exec: signals, the exit code and the terminal are Java's own. The user's options come later and so win.
    # shellcheck disable=SC2086
    exec "${java[@]}" ${BULWARK_JAVA_OPTS:-} "${main[@]}" "$@"
}
