# Sourced by scripts/gpu-check: its parts, in the order of their worth; parts.sh says how they are run.
#
# Used from the caller: bulwark, compare, tests, console, models, libraries, java, data, thorough, emulated.

# The order, and the seconds that each part may take on a real GPU: nine minutes in all.
order=(devices parity clustered ladder memcheck racecheck bench reproduce initcheck synccheck peers)
declare -A limits=([devices]=60 [parity]=90 [clustered]=45 [ladder]=45 [memcheck]=40 [racecheck]=50 [bench]=60
    [reproduce]=80 [initcheck]=20 [synccheck]=20 [peers]=30)

# junit LOG ARGUMENT...: JUnit's console launcher, which prints how each test began and ended; $runner stands before the JVM.
runner=()
junit() {
    local mode=(-DrequireGpu=true) log=$1
    shift
    [[ -z $emulated ]] || mode=(-Demulated=true "-DemulatedDriver=$emulated")
    run "$log" "${runner[@]}" "${java[@]}" -Dslf4j.internal.verbosity=ERROR "${mode[@]}" \
        -cp "${console[0]}:$tests:$libraries" org.junit.platform.console.ConsoleLauncher execute \
        --disable-banner --disable-ansi-colors --details=testfeed "$@"
}

# watching TELLER COMMAND...: runs a command, and calls TELLER every second and when it has ended.
watching() {
    local teller=$1 status=0 pid
    shift
    "$@" &
    pid=$!
    while kill -0 "$pid" 2> /dev/null; do
        pause 1
        "$teller"
    done
    wait "$pid" || status=$?
    "$teller"
    return "$status"
}

# What a log of junit says so far, as members of a JSON object: counts, and what has failed or not ended.
counts() {
    touch "$1"
    awk '
        function plain(text) {
            sub(/^JUnit Jupiter > /, "", text)
            gsub(/\\/, "\\\\", text); gsub(/"/, "\\\"", text); gsub(/[[:cntrl:]]/, " ", text)
            return "\"" text "\""
        }
        match($0, / :: (STARTED|SUCCESSFUL|FAILED|ABORTED|SKIPPED)$/) {
            name = substr($0, 1, RSTART - 1)
            event = substr($0, RSTART + 4)
            if (event == "STARTED") { open[name]; next }
            delete open[name]
            if (event == "SUCCESSFUL") ++passed
            else if (event == "FAILED") { ++failed; list = list (list == "" ? "" : ",") plain(name) }
            else ++skipped
        }
        END {
            for (name in open) unended = unended (unended == "" ? "" : ",") plain(name)
            printf "\"passed\": %d, \"failed\": %d, \"skipped\": %d, \"failures\": [%s], \"unended\": [%s]",
                passed, failed, skipped, list, unended
        }' "$1"
}

# ---- devices ----------------------------------------------------------------------------------------------------------

# What there is, with what the driver said of every kernel that it compiled, its answers to questions whose answers are known,
# and a launch from every module. Leaves in no-gpu why the rest is not worth trying.
part_devices() {
    local log=$out/devices.log launches=$work/launches
    touch "$log"
    find_driver > "$work/driver"
    watching tell_devices run "$log" "$bulwark" devices --debug --timeout 20 || fail "bulwark devices, see $log"
    cat "$log" >&2
    if [[ ! -s $work/device ]]; then
        grep -m 1 '^cuda' "$log" > "$work/no-gpu" || echo "bulwark devices names none" > "$work/no-gpu"
        return
    fi
    awk '/^[^ ]/ { here = /^cuda:0: / } here && sub(/^  can.t be used: /, "")' "$log" > "$work/unusable"
    if [[ -s $work/unusable ]]; then
        mv "$work/unusable" "$work/no-gpu"
        return
    fi
    local checked=$out/devices-check.log
    "$bulwark" devices --check > "$checked" 2>&1 || fail "bulwark devices --check, see $checked"
    cat "$checked" >&2
    watching tell_devices junit "$launches" --select-class dev.bulwark.device.cuda.EveryModuleTest ||
        fail "a launch from every module, see $log"
    cat "$launches" >> "$log"
}

tell_devices() {
    [[ -s $work/device ]] || grep -m 1 '^cuda:0: ' "$log" > "$work/device" || true
    local answers=$out/devices-check.log
    [[ -f $answers ]] || answers=/dev/null
    tell "{\"listed\": $(quoted_lines < "$log"), \"answers\": $(quoted_lines < "$answers"),
        \"launches\": {$(counts "$launches")}}"
}

find_driver() {
    if [[ -n $emulated ]]; then
        echo "emulated driver"
    elif [[ -r /proc/driver/nvidia/version ]]; then
        sed -nE 's/^NVRM version: *(.*)/\1/p' /proc/driver/nvidia/version
    elif command -v nvidia-smi > /dev/null; then
        nvidia-smi --query-gpu=driver_version --format=csv,noheader 2> /dev/null | head -n 1
    fi
}

# ---- tests ------------------------------------------------------------------------------------------------------------

# Classes of tests for a GPU, by the annotation in their class files, but for those that are parts of their own.
gpu_tests() {
    (cd "$tests" && grep -rlF 'Ldev/bulwark/device/cuda/GpuTest;' --include='*Test.class' . | LC_ALL=C sort) |
        sed -e 's|^\./||' -e 's|\.class$||' -e 's|/|.|g' |
        grep -vE '[.](EveryModule|ClusteredNoisyClassifier|SmoothingLadder|TestGpu|CudaFaults)Test$'
}

# How many JVMs: a class keeps a core busy, and the GPU takes them in turn.
at_once() {
    local processors
    processors=$(nproc)
    echo $(( processors < 4 ? 2 : processors < 16 ? processors / 2 : 8 ))
}

# test_class NAME: one class in a JVM of its own, so that a context that one class breaks is no other's; leaves its outcome,
# JSON, in parity/NAME.
test_class() {
    local name=$1 log=$work/parity/$1.log status=0 begun=$SECONDS
    junit "$log" --select-class "$name" || status=$?
    printf '{"class": "%s", "exit": %d, "seconds": %d, %s}' "$name" "$status" $((SECONDS - begun)) "$(counts "$log")" \
        > "$work/parity/$name.new"
    { echo "== $name: exit $status"; cat "$log"; } >> "$out/parity.log"
    mv "$work/parity/$name.new" "$work/parity/$name.json"
    (( status == 0 )) || fail "$name: exit $status, see $out/parity.log"
}

# Classes that have ended, and of those that run what has happened so far.
tell_parity() {
    local name file entries=()
    for name in "${names[@]}"; do
        file=$work/parity/$name
        if [[ -f $file.json ]]; then
            entries+=("$(< "$file.json")")
        elif [[ -f $file.log ]]; then
            entries+=("{\"class\": \"$name\", \"running\": true, $(counts "$file.log")}")
        fi
    done
    tell "{\"of\": ${#names[@]}, \"classes\": [$(IFS=,; echo "${entries[*]}")]}"
}

# Tests that compare kernels with their references, by class, several at once.
part_parity() {
    local names name most
    mapfile -t names < <(gpu_tests)
    # Where all is slow, two classes stand for the rest.
    [[ -z $emulated ]] || names=(dev.bulwark.device.cuda.OptimiserParityTest dev.bulwark.device.cuda.SiblingTest)
    (( ${#names[@]} > 0 )) || { fail "there is no test for a GPU in $tests"; return; }
    most=$(at_once)
    mkdir "$work/parity"
    for name in "${names[@]}"; do
        await_fewer "$most"
        test_class "$name" &
    done
    await_fewer 1
    tell_parity
}

# Waits until fewer than $1 classes run.
await_fewer() {
    local running
    while running=($(jobs -pr)) && (( ${#running[@]} >= $1 )); do
        pause 0.5
        tell_parity
    done
}

# The clustered kernel: what it is made of can't be tried on an emulated driver, so it may hang or fault.
part_clustered() {
    local log=$out/clustered.log class=dev.bulwark.device.cuda.ClusteredNoisyClassifierTest
    [[ -z $emulated ]] || class=dev.bulwark.device.cuda.TestGpuTest # quick
    watching tell_counts junit "$log" --select-class "$class" || fail "the clustered kernel, see $log"
}

tell_counts() { tell "{$(counts "$log")}"; }

# Noisy forward passes a second of every version of the smoothing kernel.
part_ladder() {
    local log=$out/ladder.log
    watching tell_ladder junit "$log" --select-class dev.bulwark.device.cuda.SmoothingLadderTest || fail "ladder, see $log"
}

tell_ladder() {
    touch "$log"
    tell "{$(sed -nE 's|^(.*[^ ]) +([0-9]+) noisy forward passes/s$|"\1": \2|p' "$log" | paste -sd ,)}"
}

# ---- compute-sanitizer ------------------------------------------------------------------------------------------------

find_sanitizer() {
    local candidate
    for candidate in "$(command -v compute-sanitizer || true)" /usr/local/cuda*/bin/compute-sanitizer; do
        if [[ -x $candidate ]]; then
            sanitizer=$candidate
            return
        fi
    done
    return 1
}

# A launch from every module under tool $1. Tools slow kernels by orders of magnitude: the launches are small.
sanitize() {
    local tool=$1 log=$out/$1.log status=0 answer
    if ! find_sanitizer; then
        say "$tool: there is no compute-sanitizer"
        tell '{"answer": "absent"}'
        return
    fi
    runner=("$sanitizer" --tool "$tool" --error-exitcode 66)
    answer=unfinished
    watching tell_sanitizer junit "$log" --select-class dev.bulwark.device.cuda.EveryModuleTest || status=$?
    case $status in
        0) answer=clean ;;
        66) answer=errors ;;
        *) answer=failed ;;
    esac
    tell_sanitizer
    [[ $answer == clean ]] || fail "$tool: $answer, see $log"
}

tell_sanitizer() { tell "{\"answer\": \"$answer\", $(counts "$log"), \"reports\": $(complaints "$log")}"; }

# The first lines that compute-sanitizer has put into log $1, but for what it prints of itself.
complaints() {
    touch "$1"
    awk '/^=========/ && !/^=+ *(COMPUTE-SANITIZER)?$/ && ++lines <= 40' "$1" | quoted_lines
}

part_memcheck() { sanitize memcheck; }
part_racecheck() { sanitize racecheck; }
part_initcheck() { sanitize initcheck; }
part_synccheck() { sanitize synccheck; }

# ---- what it computes, and how fast -----------------------------------------------------------------------------------

# The first GPU's clocks, power and temperature at this moment, as JSON.
clocks() {
    local wanted=clocks.sm,clocks.mem,clocks.max.sm,clocks.max.mem,power.draw,power.limit,temperature.gpu
    local answer=
    if [[ -z $emulated ]] && command -v nvidia-smi > /dev/null; then
        answer=$(nvidia-smi -i 0 --query-gpu="$wanted" --format=csv,noheader 2> /dev/null | head -n 1) || answer=
    fi
    if [[ -n $answer ]]; then printf '{"asked": "%s", "answer": %s}' "$wanted" "$(quoted "$answer")"; else echo null; fi
}

# Rates; the benchmark itself replaces its file after each.
part_bench() {
    local log=$out/bench.log size=(--repeats 3 --seconds 0.3) before after=null
    [[ -z $thorough ]] || size=(--repeats 5 --seconds 1 --scaling)
    [[ -z $emulated ]] || size=(--repeats 1 --seconds 0.01 --hidden 32 --images 1 --n 50 --batch 8 --steps 2 --epoch 1
        --normals 4 --ceiling 64)
    before=$(clocks)
    watching tell_rates run "$log" "$bulwark" bench --device cuda:0 "${size[@]}" --out "$out/bench.json" ||
        fail "benchmark, see $log"
    if [[ -z $emulated ]]; then # whose products, of that network's widths, take minutes
        watching tell_rates run "$log" "$bulwark" bench --device cuda:0 --network convolutional --repeats 1 --seconds 0.3 \
            --out "$out/bench-convolutional.json" || fail "benchmark of the convolutional network, see $log"
    fi
    after=$(clocks)
    tell_rates
    grep -v '^ *$' "$log" >&2 || true
}

tell_rates() {
    tell "{\"clocks\": {\"before\": $before, \"after\": $after}, \"rates\": $(content "$out/bench.json"),
        \"convolutional\": $(content "$out/bench-convolutional.json")}"
}

# Both tables on all test images; networks are trained where there are none for these images.
part_reproduce() {
    local log=$out/reproduce.log run=$work/run sizes=(--effort full "${data[@]}")
    [[ -d $models ]] || sizes+=(--from-scratch)
    if [[ -n $emulated ]]; then
        local tiny=(--dataset digits --hidden 16 --limit 100 --device cuda:0 --quiet)
        run "$log" "$bulwark" train smoothing --sigma 0.25 "${tiny[@]}" \
            --out "$work/models/smoothing-sigma-0.25.safetensors" || true
        run "$log" "$bulwark" train ibp --epsilon 0.05 "${tiny[@]}" \
            --out "$work/models/ibp-epsilon-0.05.safetensors" || true
        sizes=(--dataset digits --models "$work/models" --sigma 0.25 --epsilon 0.05 --limit 5 --n0 10 --n 50 --steps 2
            --restarts 1)
    fi
    watching tell_run run "$log" "$bulwark" reproduce --device cuda:0 "${sizes[@]}" --out "$run" ||
        fail "reproduce, see $log"
}

# What the run's folder has: its record, how many rows of each kind and, once it has ended, its tables.
tell_run() {
    local file rows=()
    for file in "$run"/*/*.tsv "$run"/*/*.jsonl; do
        [[ ! -f $file ]] || rows+=("$(quoted "${file#"$run"/}"): $(wc -l < "$file")")
    done
    tell "{\"run\": $(content "$run/run.json"), \"lines\": {$(IFS=,; echo "${rows[*]}")},
\"table1\": $(content "$run/table1.json"), \"table2\": $(content "$run/table2.json")}"
}

# PyTorch's rates on the same GPU, beside ours.
part_peers() {
    local python log=$out/peers.log
    if [[ -z $thorough || -n $emulated ]]; then
        tell '"only with --bench"'
        return
    fi
    for python in python3 /usr/bin/python3; do
        if "$python" -c 'import torch; torch.set_default_device("cuda"); torch.zeros(1)' 2> /dev/null; then
            run "$log" "$compare" --device cuda --python "$python" --rounds 1 --seconds 1 \
                --bulwark "$out/bench.json" --out "$work/peers.json" || fail "peers, see $log"
            tell "$(content "$work/peers.json")"
            return
        fi
    done
    tell '"no python3 has a PyTorch that finds the GPU"'
}
