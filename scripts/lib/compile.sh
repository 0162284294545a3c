# Sourced by the scripts that compile: one way to configure and build a preset.

# Objects are shared between checkouts: paths in them are relative to the checkout.
export CCACHE_BASEDIR=${CCACHE_BASEDIR:-$PWD} CCACHE_NOHASHDIR=1

# compilePreset PRESET [build arguments]: quiet unless something is wrong.
compilePreset() {
    local preset=$1 log=build/$1/configure.log
    shift
    mkdir -p "build/$preset"
    if [ ! -e "build/$preset/build.ninja" ] || [ CMakePresets.json -nt "build/$preset/build.ninja" ]; then
        cmake --preset "$preset" >"$log" 2>&1 || { cat "$log" >&2; return 1; }
    fi
    cmake --build "build/$preset" -j "${HOIST_JOBS:-$(nproc)}" "$@"
}
