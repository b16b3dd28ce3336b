#!/usr/bin/env bash
# Generates two SDKs from openapi.yaml, compiles them as strictly as their languages can, and runs the quick starts of
# examples/sdk/ with them against a server with workers and a sandbox.
source "$(dirname "${BASH_SOURCE[0]}")/tools.sh"

document="${DOCUMENT:-$root/openapi.yaml}"
need java "the generator of the Python SDK needs Java 11 or newer"
node_tools sdk
python_tools sdk
generator=$python

echo "== TypeScript: openapi-typescript, tsc --strict"
typescript="$work/sdk/typescript"
rm -rf -- "$typescript"
mkdir -p "$typescript"
cp "$root"/examples/sdk/typescript/*.ts "$root"/examples/sdk/typescript/tsconfig.json "$typescript/"
cp "$here/sdk/package.json" "$typescript/"
ln -s "$node_modules" "$typescript/node_modules"
"$node_modules/.bin/openapi-typescript" "$document" --output "$typescript/postern.ts"
"$node_modules/.bin/tsc" --project "$typescript"

echo "== Python: openapi-generator"
library="$work/sdk/library"
rm -rf -- "$library"
"$generator/openapi-generator-cli" generate --input-spec "$document" --generator-name python --output "$library" \
    --additional-properties=packageName=postern > "$work/sdk/generator.log" 2>&1 || { cat "$work/sdk/generator.log"; exit 1; }
"$generator/python" -m venv "$library/environment"
"$library/environment/bin/pip" install --quiet --disable-pip-version-check "$library"
"$library/environment/bin/python" -m compileall -q "$library/postern"

picture="${1:-$root/examples/harbour.jpg}"
echo "== both quick starts"
"$here/with_server.sh" bash -euo pipefail -c '
    node "$1/quick_start.js" "$4"
    "$2/environment/bin/python" "$3" "$4"
' _ "$typescript" "$library" "$root/examples/sdk/python/quick_start.py" "$picture"
