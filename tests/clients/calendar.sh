#!/usr/bin/env bash
# Reads exported calendars, feeds and lists of a server with readers that others wrote, and compares everything in them with
# what the API answers. Prints one line for each check and ends with 1 if one of them fails.
source "$(dirname "${BASH_SOURCE[0]}")/tools.sh"

if [ "${1:-}" != "--against" ]; then
    python_tools calendar
    build_postern
    export POSTERN_BIN="$postern" TOOLS="$python"
    exec "$here/with_server.sh" "$here/calendar.sh" --against
fi

"$TOOLS/python" "$here/calendar/events.py"
echo "calendar programs of others: every check passed"
