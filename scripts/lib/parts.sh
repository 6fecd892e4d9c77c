# Sourced by scripts/gpu-check: runs the parts of a check one after the other, each in a process group of its own and within
# its own time, and keeps one JSON file that tells what came of them. The file is whole at any moment: it is replaced after
# every part and, while one runs, whenever that part has something new to tell.
#
# A part NAME is a function part_NAME. It runs commands through "run", tells its outcome, JSON, through "tell", as often as it
# likes, and says what is wrong through "fail". Whatever it told stays, also where it is killed.
#
# The caller sets out (folder of the results) and work (a folder of its own), and defines header, which prints members of
# the JSON file with a comma after each.

part=        # the one that runs
running=     # its process group
outcomes=()  # of those that have ended, JSON

most_log=15000000 # bytes of a log: of a longer one the end counts

say() { printf '%s\n' "$*" >&2; }

# A JSON string of $1.
quoted() {
    local text=${1//\\/\\\\}
    text=${text//\"/\\\"}
    printf '"%s"' "${text//[[:cntrl:]]/ }"
}

# The lines of standard input as a JSON array of strings.
quoted_lines() {
    local line lines=()
    while IFS= read -r line || [[ -n $line ]]; do
        lines+=("$(quoted "$line")")
    done
    (IFS=,; printf '[%s]' "${lines[*]}")
}

# The content of JSON file $1, or null.
content() { if [[ -s $1 ]]; then cat "$1"; else echo null; fi; }

# ---- for parts --------------------------------------------------------------------------------------------------------

# Replaces what this part has told by $1, a JSON value.
tell() {
    printf '%s' "$1" > "$work/told/$part.new"
    mv "$work/told/$part.new" "$work/told/$part"
}

# Notes that something is wrong; the part goes on.
fail() {
    quoted "$1" >> "$work/failed"
    echo >> "$work/failed"
    say "FAILED: $1"
}

# run LOG COMMAND...: runs a command; what it prints is added to LOG.
run() {
    local log=$1 status=0
    shift
    { quoted "$*"; echo; } >> "$work/commands"
    "$@" >> "$log" 2>&1 || status=$?
    if (( $(stat -c %s "$log") > most_log )); then
        tail -c "$most_log" "$log" > "$log.end"
        mv "$log.end" "$log"
    fi
    return "$status"
}

# ---- for the caller ---------------------------------------------------------------------------------------------------

# The lines of a file with commas between them; nothing where there is no such file.
joined() { if [[ -f $1 ]]; then paste -sd , "$1"; fi; }

# Writes the JSON file anew; $1 is whether this was the last time.
write_report() {
    local told
    {
        echo '{'
        header
        printf '"parts": [%s],\n' "$(IFS=,; echo "${outcomes[*]}")"
        for told in "$work"/told/*; do
            [[ $told == *.new || ! -f $told ]] || printf '"%s": %s,\n' "${told##*/}" "$(< "$told")"
        done
        printf '"commands": [%s],\n"failed": [%s],\n' "$(joined "$work/commands")" "$(joined "$work/failed")"
        printf '"seconds": %d,\n"finished": %s\n}\n' "$SECONDS" "$1"
    } > "$work/report"
    cp "$work/report" "$out/.gpu-check.json.new"
    mv "$out/.gpu-check.json.new" "$out/gpu-check.json"
}

# Ends the part that runs, and all that it started.
end_part() {
    [[ -n $running ]] || return 0
    kill -TERM -- "-$running" 2> /dev/null || true
    local i
    for (( i = 0; i < 20; ++i )); do
        kill -0 -- "-$running" 2> /dev/null || break
        pause 0.1
    done
    kill -KILL -- "-$running" 2> /dev/null || true
    running=
}

# Sleeps without a process.
exec {never}<> <(:)
pause() { read -rt "$1" -u "$never" || true; }

# run_part NAME SECONDS: the part's outcome is done, failed, "out of time" or killed.
run_part() {
    local limit=$2 begun=$SECONDS status=0 outcome pid failures now
    part=$1
    say "$part ..."
    failures=$(joined "$work/failed" | wc -c)
    set -m # a process group for each
    (set +m; "part_$part") &
    set +m
    pid=$!
    running=$pid
    outcome=
    while kill -0 "$pid" 2> /dev/null; do
        if (( SECONDS - begun >= limit )); then
            outcome="out of time"
            break
        fi
        if [[ -f $work/told/$part && $work/told/$part -nt $work/report ]]; then
            write_report false
        fi
        pause 0.2
    done
    end_part
    wait "$pid" 2> /dev/null || status=$?
    now=$(joined "$work/failed" | wc -c)
    if [[ -n $outcome ]]; then
        fail "$part: out of time, after $limit s"
    elif (( status > 128 )); then
        outcome=killed
        fail "$part: killed by signal $((status - 128))"
    elif (( status != 0 || now != failures )); then
        outcome=failed
        (( now != failures )) || fail "$part: ended with $status"
    else
        outcome=done
    fi
    say "$part: $outcome, $((SECONDS - begun)) s"
    outcomes+=("{\"part\": \"$part\", \"outcome\": \"$outcome\", \"limit\": $limit, \"seconds\": $((SECONDS - begun))}")
    write_report false
}
