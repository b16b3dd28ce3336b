#!/usr/bin/env bash
# Two linters read the API's document: no error and no warning. Their settings, with a reason for each rule that is
# switched off, are in lint/.
source "$(dirname "${BASH_SOURCE[0]}")/tools.sh"

document="${1:-$root/openapi.yaml}"
node_tools lint

failed=0
echo "== redocly"
REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true \
    "$node_modules/.bin/redocly" lint "$document" --config "$here/lint/redocly.yaml" --max-problems 1000 || failed=1
echo "== spectral"
"$node_modules/.bin/spectral" lint "$document" --ruleset "$here/lint/spectral.yaml" --fail-severity hint || failed=1
exit "$failed"
