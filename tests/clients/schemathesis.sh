#!/usr/bin/env bash
# Tries a server against its own document, with a person's session and with an API key: no server error, no answer that
# the document does not describe, nobody sees what belongs to others. Settings: schemathesis/schemathesis.toml.
#
# Words after it are given to `schemathesis run`, such as --include-operation-id createPost.
source "$(dirname "${BASH_SOURCE[0]}")/tools.sh"

if [ "${1:-}" != "--against" ]; then
    python_tools schemathesis
    build_postern
    export POSTERN_BIN="$postern" TOOLS="$python" PICTURE="${PICTURE:-$root/examples/harbour.jpg}"
    exec "$here/with_server.sh" "$here/schemathesis.sh" --against "$@"
fi
shift

settings="$work/schemathesis/settings"
mkdir -p "$settings"
cp "$here"/schemathesis/{schemathesis.toml,hooks.py} "$settings/"
cd "$settings"
failed=0
for credentials in session key; do
    echo "== with a $credentials"
    # Anew each time: a run with a session also revokes keys and disconnects channels.
    "$TOOLS/python" "$here/schemathesis/prepare.py" "$settings"
    cp "$credentials.json" auth.json
    "$TOOLS/schemathesis" --config-file "$settings/schemathesis.toml" run "${DOCUMENT:-$POSTERN_URL/openapi.json}" \
        --url "$POSTERN_URL" "$@" || failed=1
done
if grep -E ' (ERROR|panicked)' "$POSTERN_SERVER_LOG"; then
    echo "the server logged errors" >&2
    failed=1
fi
exit "$failed"
