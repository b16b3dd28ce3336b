#!/usr/bin/env bash
# Publishes to the sandbox with clients that others wrote, unmodified but for the host, and reads everything back.
# Prints one line for each check and ends with 1 if one of them fails.
source "$(dirname "${BASH_SOURCE[0]}")/tools.sh"

python_tools contract
node_tools contract

if [ -n "${POSTERN_SANDBOX_URL:-}" ]; then
    sandbox=$POSTERN_SANDBOX_URL
else
    build_postern
    start_sandbox "$work/contract/sandbox.log"
fi

pictures="$work/contract/pictures"
start "$work/contract/pictures.log" "$python/python" "$here/contract/pictures.py" "$pictures"
pictures_url=$(address_in "$work/contract/pictures.log" "$started_pid" "pictures at")

export SANDBOX_URL=$sandbox PICTURES="$pictures" PICTURES_URL=$pictures_url NODE_MODULES="$node_modules"
failed=0
"$python/python" "$here/contract/page_publish.py" || failed=1
node "$here/contract/instagram_publish.mjs" || failed=1
"$python/python" "$here/contract/other_reads.py" || failed=1
[ "$failed" -eq 0 ] && echo "clients of others: every check passed"
exit "$failed"
