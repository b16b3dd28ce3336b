# Every routine, by one word. `just` lists them.

set shell := ["bash", "-euo", "pipefail", "-c"]

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

# Show which posts move because the clocks of their zones have new rules; changes nothing
tzdata-diff:
    cargo run --quiet -- tzdata-diff

# Write openapi.yaml anew from the code
openapi:
    cargo run --quiet -- openapi > target/openapi.yaml
    mv target/openapi.yaml openapi.yaml

# Write docs/retention.md anew from the retention table
retention-doc:
    UPDATE_DOCS=1 cargo test --quiet -p retention --test rules the_page_says_what_the_table_says

# Write docs/errors.md anew from the lists of codes
errors-doc:
    UPDATE_DOCS=1 cargo test --quiet -p api --lib the_page_of_errors_says_what_the_code_says

# Write the table of settings in docs/operations.md anew
settings-doc:
    UPDATE_DOCS=1 cargo test --quiet -p postern --lib the_page_for_operators_says_what_the_table_says

# Ask Python's zoneinfo anew what every change of clocks means (needs Python and the network)
oracle-zones:
    python3 -m venv target/oracle
    target/oracle/bin/pip install --quiet -r tests/oracle/zones_requirements.txt
    target/oracle/bin/python tests/oracle/zones.py > target/zones.txt
    mv target/zones.txt tests/oracle/zones.txt

# Ask python-dateutil anew when 10,000 random recurrence rules occur; takes minutes (needs Python and the network)
oracle-recurrence:
    python3 -m venv target/oracle
    target/oracle/bin/pip install --quiet -r tests/oracle/recurrence_requirements.txt
    target/oracle/bin/python tests/oracle/recurrence.py > target/recurrence.txt.gz
    mv target/recurrence.txt.gz tests/oracle/recurrence.txt.gz

# Measure a burst: publications due at one instant, and with a million future posts
bench-burst *arguments:
    cargo bench --bench burst -- {{ arguments }}

# Measure the API: reads and writes per second, latency, memory
bench-api *arguments:
    cargo bench --bench api -- {{ arguments }}

# Measure calendars: views of a month and a week over 100,000 posts in one workspace
bench-calendar *arguments:
    cargo bench --bench calendar -- {{ arguments }}

# Measure an import of 100,000 rows: rows per second while it arrives and while it is worked off, and memory
bench-import *arguments:
    cargo bench --bench import -- {{ arguments }}

# Measure the queue of a channel: the next free slot and an addition, with a year of posts that wait
bench-queue *arguments:
    cargo bench --bench queue -- {{ arguments }}

# Take each safety of the publishing protocol away in turn, and fail unless the tests of the stores notice
safeties:
    #!/usr/bin/env bash
    set -euo pipefail
    mkdir -p target
    # Where tests fail anyway, a failure says nothing.
    cargo test --quiet -p postgres --test stores
    for safety in without-fence without-permit without-look; do
        # What does not compile has noticed nothing.
        cargo test --quiet -p postgres --features "$safety" --test stores --no-run
        if cargo test -p postgres --features "$safety" --test stores > target/safeties.log 2>&1; then
            echo "$safety: nobody noticed"
            exit 1
        fi
        echo "$safety: noticed by"
        grep -E '^test .* FAILED$' target/safeties.log | sed -E 's/^test (.*) \.\.\. FAILED$/    \1/'
    done

# Read openapi.yaml with two linters (needs Node.js)
lint-openapi *arguments:
    ./tests/clients/lint.sh {{ arguments }}

# Try a server against its own document; words after it go to `schemathesis run` (needs Python)
schemathesis *arguments:
    ./tests/clients/schemathesis.sh {{ arguments }}

# Generate two SDKs from openapi.yaml, compile them, and run their quick starts (needs Node.js, Python and Java)
sdk *arguments:
    ./tests/clients/sdk.sh {{ arguments }}

# Publish to the sandbox with clients of others, unmodified but for the host (needs Node.js and Python)
contract-clients *arguments:
    ./tests/clients/contract.sh {{ arguments }}

# Read exported calendars and feeds with an iCalendar library of others, and compare every event (needs Python)
ical *arguments:
    ./tests/clients/calendar.sh {{ arguments }}

# Everything that CI runs
ci:
    ./.ci/run
