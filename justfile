# Every routine, by one word. `just` lists them.

set shell := ["bash", "-euo", "pipefail", "-c"]

# Where tools that are no crates are kept: inside target/, so that `cargo clean` removes them.
tools := justfile_directory() / "target/tools"

# List every routine
_default:
    @just --list --unsorted

# Publish a picture to a Facebook Page and an Instagram account, end to end, against the sandbox
demo *arguments:
    cargo run -- demo {{ arguments }}

# Run every test; words after it choose some: `just test survive_a_crash`
test *filter:
    cargo test --workspace -- {{ filter }}

# Check style and correctness as strictly as CI does
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# Format everything
fmt:
    cargo fmt --all

# Check licences, duplicates and sources of dependencies (needs cargo-deny)
deny:
    cargo deny --workspace check licenses bans sources

# Check dependencies against the advisory database (needs cargo-deny and the network)
advisories:
    cargo deny --workspace check advisories

# Write openapi.yaml anew from the code
openapi:
    cargo run --quiet -- openapi > target/openapi.yaml
    mv target/openapi.yaml openapi.yaml

# Write docs/retention.md anew from the retention table
retention-doc:
    UPDATE_DOCS=1 cargo test --quiet -p retention --test rules the_page_says_what_the_table_says

# Write the table of settings in docs/operations.md anew
settings-doc:
    UPDATE_DOCS=1 cargo test --quiet -p postern the_page_for_operators_says_what_the_table_says

# Measure a burst: publications due at one instant, and with a million future posts
bench-burst *arguments:
    cargo bench --bench burst -- {{ arguments }}

# Measure the API: reads and writes per second, latency, memory
bench-api *arguments:
    cargo bench --bench api -- {{ arguments }}

# Lint openapi.yaml (needs Node.js)
lint-openapi:
    npx --yes @redocly/cli@2 lint openapi.yaml

# Try a running API against its own document: start `just demo`, put the key it prints into POSTERN_API_KEY
schemathesis url="http://127.0.0.1:8080" *arguments: (_python "schemathesis>=4.32,<5")
    {{ tools }}/python/bin/schemathesis run openapi.yaml --url {{ url }} \
        --header "Authorization: Bearer ${POSTERN_API_KEY:?set it to the API key that the demo prints}" {{ arguments }}

# Generate two SDKs from openapi.yaml and compile them with the quick start in examples/ (needs Node.js and Java)
sdk: (_python "openapi-generator-cli>=7.16,<8")
    mkdir -p target/sdk
    npx --yes -p openapi-typescript@7 -p typescript@5 openapi-typescript openapi.yaml -o target/sdk/postern.ts
    npx --yes -p typescript@5 tsc --noEmit --strict --skipLibCheck --target es2022 --module nodenext target/sdk/postern.ts
    {{ tools }}/python/bin/openapi-generator-cli generate -i openapi.yaml -g python -o target/sdk/python \
        --additional-properties=packageName=postern > target/sdk/python.log
    python3 -m compileall -q target/sdk/python/postern
    ./examples/sdk/run target/sdk

# Publish to the sandbox with Meta's own Python SDK and an Instagram client of others, unmodified but for the host
contract-clients: (_python "facebook-business==26.0.3")
    ./sandbox/clients/run {{ tools }}/python

# Everything that CI runs
ci:
    ./.ci/run

# A Python environment with one more tool in it
_python package:
    test -x {{ tools }}/python/bin/pip || python3 -m venv {{ tools }}/python
    {{ tools }}/python/bin/pip install --quiet --disable-pip-version-check "{{ package }}"
