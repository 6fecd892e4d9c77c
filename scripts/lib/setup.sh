# Sourced by scripts/bulwark and scripts/test: finds or installs a JDK and Maven, builds when sources are newer.
#
# Two rules keep it quick and safe. When nothing is to be done it starts no JVM: versions are read from the JDK's
# "release" file, staleness from one find. And only one build runs at a time: the lock is taken on pom.xml itself,
# so that there is no lock file to clean up and "mvn clean" can't take it away.

source "$(dirname "${BASH_SOURCE[0]}")/launch.sh"

setup_root=$(cd -P "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
setup_target=$setup_root/target
setup_stamp=$setup_target/.built         # its time is when the last good build began
setup_archive=$setup_target/bulwark.jsa  # class data of a typical start

setup_oldest_jdk=17

say() { printf '%s\n' "$*" >&2; }

die() {
    say "bulwark: $*"
    exit 1
}

# ---- the JDK ----------------------------------------------------------------------------------------------------------

# Sets jdk_major to the feature version of the JDK at $1; fails where there is no compiler or no version.
read_jdk_version() {
    local home=$1 key value
    jdk_major=
    [[ -x $home/bin/javac && -x $home/bin/java && -r $home/release ]] || return 1
    while IFS='=' read -r key value; do
        [[ $key == JAVA_VERSION ]] && break
    done < "$home/release"
    value=${value//\"/}
    jdk_major=${value%%[!0-9]*}
    [[ -n $jdk_major ]]
}

usable_jdk() { read_jdk_version "$1" && (( jdk_major >= setup_oldest_jdk )); }

# Sets jdk and jdk_major: JAVA_HOME, else the java on the PATH, else the usual folders.
find_jdk() {
    local candidate on_path
    if [[ -n ${JAVA_HOME:-} ]] && usable_jdk "$JAVA_HOME"; then
        jdk=$JAVA_HOME
        return
    fi
    if on_path=$(command -v javac); then
        on_path=$(readlink -f "$on_path")
        candidate=${on_path%/bin/javac}
        if usable_jdk "$candidate"; then
            jdk=$candidate
            return
        fi
    fi
    for candidate in /usr/lib/jvm/*; do
        if usable_jdk "$candidate"; then
            jdk=$candidate
            return
        fi
    done
    return 1
}

# ---- installing what is missing ---------------------------------------------------------------------------------------

can_install() { [[ $EUID -eq 0 && -r /etc/debian_version ]] && command -v apt-get > /dev/null; }

# The JDK's package: 17 where the release still has it, else the release's default.
jdk_package() {
    if apt-cache show openjdk-17-jdk-headless > /dev/null 2>&1; then
        echo openjdk-17-jdk-headless
    else
        echo default-jdk-headless
    fi
}

apt_install() {
    local log
    say "Installing $* (first use) ..."
    if ! log=$(DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" 2>&1 < /dev/null); then
        say "$log"
        die "apt-get could not install $*; install them by hand and try again"
    fi
}

# Finds everything the build needs, plus the commands named as COMMAND=PACKAGE, and installs what is missing.
ensure_tools() {
    local pair packages=()
    find_jdk || packages+=(jdk)
    command -v mvn > /dev/null || packages+=(maven)
    for pair in "$@"; do
        command -v "${pair%%=*}" > /dev/null || packages+=("${pair#*=}")
    done
    if (( ${#packages[@]} > 0 )); then
        if ! can_install; then
            packages=("${packages[@]/#jdk/default-jdk-headless}")
            die "missing tools (needed: a JDK $setup_oldest_jdk or newer, Maven); on Debian or Ubuntu:" \
                "sudo apt install ${packages[*]}"
        fi
        say "Looking for packages (first use) ..."
        apt-get update -q > /dev/null 2>&1 < /dev/null || true # an old list may still do
        apt_install "${packages[@]/#jdk/$(jdk_package)}"
        hash -r
        find_jdk || die "still no JDK $setup_oldest_jdk or newer: set JAVA_HOME to one"
    fi
    export JAVA_HOME=$jdk
}

# Installs package $1 unless one of the commands after it is there. Its tests are skipped where it can't be had.
offer_package() {
    local package=$1 command log
    for command in "${@:2}"; do
        if command -v "$command" > /dev/null; then
            return
        fi
    done
    if can_install; then
        say "Installing $package (first use) ..."
        apt-get update -q > /dev/null 2>&1 < /dev/null || true
        log=$(DEBIAN_FRONTEND=noninteractive timeout 300 \
            apt-get install -y -q --no-install-recommends "$package" 2>&1 < /dev/null) \
            || say "apt-get could not install $package; its tests are skipped: $(tail -n 1 <<< "$log")"
        hash -r
    fi
}

# ---- building ---------------------------------------------------------------------------------------------------------

# True when there is a build that no source is newer than. Folders count: their time tells of deleted files.
up_to_date() {
    [[ -f $setup_stamp && -f $setup_target/bulwark.jar && -d $setup_target/lib ]] || return 1
    local source sources=()
    for source in pom.xml LICENSE src/main cuda/ptx cuda/cubin; do
        [[ -e $setup_root/$source ]] && sources+=("$setup_root/$source")
    done
    [[ -z $(find "${sources[@]}" -newer "$setup_stamp" -print -quit) ]]
}

# Waits for the one build lock, held on descriptor 9 until unlock_build or exit.
lock_build() {
    [[ -z ${BULWARK_BUILDING:-} ]] || die "a build can't start from inside a build; run scripts/bulwark once before it"
    export BULWARK_BUILDING=1
    exec 9< "$setup_root/pom.xml"
    command -v flock > /dev/null || return 0
    if ! flock -n 9; then
        say "Waiting for another build of Bulwark ..."
        flock 9
    fi
}

unlock_build() {
    exec 9<&-
    unset BULWARK_BUILDING
}

# Notes when a build begins; mark_built then dates the stamp, so that an edit made meanwhile counts as newer.
begin_build() { build_started=$(date +%s.%N); }

mark_built() {
    archive_classes
    touch -d "@$build_started" "$setup_stamp"
}

# Saves the class data of one short command, which shortens later starts by a third. Only a convenience: the JVM
# checks the archive against jar and JDK, and starts without it where they differ.
archive_classes() {
    checkout_java
    OMP_NUM_THREADS=1 "${java[@]}" -Xlog:disable -XX:ArchiveClassesAtExit="$setup_archive" "${main[@]}" \
        radius --sigma 0.5 --count 990 --n 1000 --alpha 0.001 > /dev/null 2>&1 9<&- || true
}

# run_maven ARGUMENT...: Maven on this project, with the JDK found. The lock stays with this shell. Plain text only: Maven
# resets colours that it never set.
run_maven() {
    local plain=(-B --no-transfer-progress -Dstyle.color=never -Dslf4j.internal.verbosity=ERROR) options=${MAVEN_OPTS:-}
    if find_jdk && (( jdk_major >= 23 )); then
        options+=" --sun-misc-unsafe-memory-access=allow" # Maven's own libraries use it, of which later JDKs warn
    fi
    (cd "$setup_root" && MAVEN_OPTS=$options exec mvn "${plain[@]}" "$@" 9<&-) 2>&1 | sed -u $'s/\e\\[[0-9;]*m//g' 9<&-
}

# Builds unless up to date. Maven is heard only when it fails.
ensure_built() {
    up_to_date && return
    ensure_tools
    lock_build
    if ! up_to_date; then # another build may have just ended
        if [[ -f $setup_target/bulwark.jar ]]; then
            say "Building Bulwark (sources changed) ..."
        else
            say "Building Bulwark (first use) ..."
        fi
        begin_build
        local log
        if ! log=$(run_maven -q -Dmaven.test.skip=true package 2>&1); then
            say "$log"
            die "the build failed; Maven's output is above"
        fi
        mark_built
    fi
    unlock_build
}

# Builds with the test classes and the console launcher that runs them (target/console), unless up to date.
ensure_checks() {
    local stamp=$setup_target/.checks-built started
    if up_to_date && [[ -f $stamp && -z $(find "$setup_root/src/test/java" "$setup_stamp" -newer "$stamp" -print -quit) ]]; then
        return
    fi
    ensure_tools
    lock_build
    say "Building Bulwark and its tests ..."
    begin_build
    local log
    if ! log=$(run_maven -q -Pconsole -DskipTests package 2>&1); then
        say "$log"
        die "the build failed; Maven's output is above"
    fi
    mark_built
    touch "$stamp"
    unlock_build
}

# ---- starting ---------------------------------------------------------------------------------------------------------

# Sets java and main as java_command does, for the JDK found and what was built.
checkout_java() { java_command "$jdk" "$jdk_major" "$setup_target/bulwark.jar:$setup_target/lib/*"; }
