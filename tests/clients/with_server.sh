#!/usr/bin/env bash
# with_server.sh COMMAND...: runs a command beside a sandbox and `postern serve --with-workers`, which begin with an
# empty database, listen on free ports and are stopped when the command ends.
#
# The command finds them by POSTERN_URL and POSTERN_SANDBOX_URL. Their logs stay in target/clients/server/.
source "$(dirname "${BASH_SOURCE[0]}")/tools.sh"

build_postern
mkdir -p "$work/server"
state=$(mktemp -d "$work/server/state.XXXXXX")
# The private database runs as a user of its own when root starts it, and must get there.
chmod 711 "$state"
trap 'stop_started; rm -rf -- "$state"' EXIT

start_sandbox "$work/server/sandbox.log"
address="127.0.0.1:$(free_port)"
# An app as strict as the platform can make it: one callback address, and a proof with every call.
app=$(curl -fsS "$sandbox/_sandbox/apps" --json \
    "{\"name\": \"Postern\", \"redirect_uris\": [\"http://$address/v1/connections/callback\"], \"require_proof\": true}")
of_app() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1" <<< "$app"; }

# A setting of whoever runs this must not decide what is tested.
for name in $(compgen -e POSTERN_) DATABASE_URL; do unset "$name"; done
start "$work/server/server.log" env \
    POSTERN_STATE_DIR="$state" \
    POSTERN_LISTEN="$address" \
    POSTERN_METRICS_LISTEN=off \
    POSTERN_SANDBOX_ALLOW=true \
    POSTERN_META_GRAPH_URL="$sandbox" \
    POSTERN_META_DIALOG_URL="$sandbox" \
    POSTERN_META_APP_ID="$(of_app id)" \
    POSTERN_META_APP_SECRET="$(of_app secret)" \
    "$postern" serve --with-workers
api=$(address_in "$work/server/server.log" "$started_pid" "postern serves")

POSTERN_URL="$api" POSTERN_SANDBOX_URL="$sandbox" POSTERN_SERVER_LOG="$work/server/server.log" "$@"
