#!/usr/bin/env bash
# The main job by hand, step by step: sign up, connect a Facebook Page and an Instagram account, upload a picture, schedule
# one post for both, and see it published. It needs curl and a running `postern demo`, which prints these lines too.
set -euo pipefail
: "${POSTERN_URL:=http://127.0.0.1:8080}" "${POSTERN_SANDBOX_URL:=http://127.0.0.1:8090}"
: "${POSTERN_PICTURE:=$(dirname "${BASH_SOURCE[0]}")/harbour.jpg}"

# 1. Sign up an organization, and sign in
ME='"mail": "you@lighthouse-books.example", "password": "correct horse battery staple"'
curl -s $POSTERN_URL/v1/registrations --json "{$ME, \"organization_name\": \"Lighthouse Books\",
  \"time_zone\": \"Europe/Berlin\", \"is_of_age\": true, \"acknowledged_notice\": \"1\"}"; echo
TOKEN=$(curl -s $POSTERN_URL/v1/sessions --json "{$ME}" | grep -o '"access_token":"[^"]*' | cut -d '"' -f 4)

# 2. An API key: programs need no session
KEY=$(curl -s $POSTERN_URL/v1/api_keys -H "Authorization: Bearer $TOKEN" --json '{"name": "By hand", "scopes": [
  "organization:read", "channels:read", "channels:write", "media:read", "media:write",
  "posts:read", "posts:write", "posts:publish"]}' | grep -o '"secret":"[^"]*' | cut -d '"' -f 4)
AUTH="Authorization: Bearer $KEY"
WORKSPACE=$(curl -s $POSTERN_URL/v1/workspaces -H "$AUTH" | grep -o 'ws_[0-9a-z]*' | head -n 1)

# 3. Connect: a person opens $LOGIN in a browser, agrees, confirms who is to publish, and copies the code. curl can, too
LOGIN=$(curl -s $POSTERN_URL/v1/connections -H "$AUTH" \
  --json "{\"workspace_id\": \"$WORKSPACE\", \"provider\": \"meta\"}")
CONNECTION=$(echo "$LOGIN" | grep -o 'conn_[0-9a-z]*' | head -n 1)
LOGIN=$(echo "$LOGIN" | grep -o 'http[^"]*')
BACK=$(curl -s "$LOGIN" -d person=10220000000000001 -d decision=continue -o /dev/null -w '%{redirect_url}')
NONCE=$(curl -s "$BACK" | grep -o 'name="nonce" value="[^"]*' | cut -d '"' -f 4)
CODE=$(curl -s "${BACK%%\?*}" -d nonce=$NONCE -d decision=continue | grep -o '<code>[^<]*' | cut -d '>' -f 2)
curl -s $POSTERN_URL/v1/connections/$CONNECTION/complete -H "$AUTH" --json "{\"completion_code\": \"$CODE\"}"; echo

# 4. Choose what to connect from what was just offered: a Page and its Instagram account
CHANNELS=$(curl -s $POSTERN_URL/v1/connections/$CONNECTION/channels -H "$AUTH" --json '{"candidates": [
  {"platform": "facebook", "remote_id": "104000000000002"},
  {"platform": "instagram", "remote_id": "17841400000000002"}]}' | grep -o '"id":"chan_[0-9a-z]*' | cut -d '"' -f 4)
TARGETS=$(for CHANNEL in $CHANNELS; do echo "{\"channel_id\": \"$CHANNEL\"}"; done | paste -s -d , -)

# 5. Upload a picture
MEDIA=$(curl -s $POSTERN_URL/v1/media -H "$AUTH" -F workspace_id=$WORKSPACE -F alt_text='Coffee at the harbour' \
  -F file=@"$POSTERN_PICTURE" | grep -o 'media_[0-9a-z]*' | head -n 1)

# 6. Write one post for both channels, and schedule it five seconds ahead
POST=$(curl -s $POSTERN_URL/v1/posts -H "$AUTH" --json "{\"workspace_id\": \"$WORKSPACE\",
  \"caption\": \"New on our shelves at $(date +%T): a book about harbours, and the coffee to read it with.\",
  \"media\": [{\"media_id\": \"$MEDIA\"}], \"targets\": [$TARGETS]}" | grep -o 'post_[0-9a-z]*' | head -n 1)
curl -s $POSTERN_URL/v1/posts/$POST/schedule -H "$AUTH" \
  --json "{\"at\": \"$(date -u -d '+5 seconds' +%FT%TZ)\"}"; echo

# 7. Watch it until both permalinks are there, then look at what the sandbox saw
for SECOND in $(seq 30); do sleep 1
  SEEN=$(curl -s $POSTERN_URL/v1/posts/$POST -H "$AUTH"); echo "$SEEN" | grep -o '"status":"[^"]*' | cut -d '"' -f 4
  if [ $(echo "$SEEN" | grep -o '"permalink":' | wc -l) = 2 ]; then break; fi; done
echo "$SEEN" | grep -o '"permalink":"[^"]*' | cut -d '"' -f 4
curl -s "$POSTERN_SANDBOX_URL/_sandbox/ledger?account=104000000000002"; echo
