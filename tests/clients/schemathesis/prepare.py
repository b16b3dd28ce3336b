"""Fills an empty deployment for schemathesis: two organizations with an object of every kind, and credentials for both.

Writes `session.json` and `key.json`, authentication files in the format of Web Fuzzing Commons, to the folder that is
named: a person of each organization who signs in, and an API key of each.
"""

import json
import os
import re
import sys
import urllib.error
import urllib.parse
import urllib.request
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path

URL = os.environ["POSTERN_URL"]
SANDBOX_URL = os.environ["POSTERN_SANDBOX_URL"]
PICTURE = Path(os.environ["PICTURE"])
# A key without `keys:write` cannot revoke itself in the middle of a run; what that scope allows is tried with a session.
KEY_SCOPES = """organization:read organization:write keys:read channels:read channels:write media:read media:write
posts:read posts:write posts:publish""".split()


def call(method, path, body=None, token=None, content_type="application/json"):
    data = json.dumps(body).encode() if isinstance(body, (dict, list)) else body
    request = urllib.request.Request(URL + path, data=data, method=method)
    if data is not None:
        request.add_header("Content-Type", content_type)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        sys.exit(f"{method} {path}: {error.code} {error.read().decode()}")


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments):
        return None


def agree(authorize_url):
    """Sends the form of the login dialog and that of the page after it, and returns the completion code."""
    with urllib.request.urlopen(f"{SANDBOX_URL}/_sandbox/seed") as answer:
        person = json.load(answer)["person_id"]
    form = urllib.parse.urlencode({"person": person, "decision": "continue"}).encode()
    try:
        urllib.request.build_opener(NoRedirect).open(authorize_url, data=form)
    except urllib.error.HTTPError as answer:
        back = answer.headers["Location"]
    else:
        sys.exit("the login dialog does not send the browser back")
    with urllib.request.urlopen(back) as page:
        nonce = re.search('name="nonce" value="([^"]+)"', page.read().decode()).group(1)
    form = urllib.parse.urlencode({"nonce": nonce, "decision": "continue"}).encode()
    with urllib.request.urlopen(back.split("?")[0], data=form) as page:
        return re.search("<code>([^<]+)</code>", page.read().decode()).group(1)


def connect(workspace, token):
    begun = call("POST", "/v1/connections", {"workspace_id": workspace, "provider": "meta"}, token)
    path = f"/v1/connections/{begun['id']}"
    offered = call("POST", f"{path}/complete", {"completion_code": agree(begun["authorize_url"])}, token)["candidates"]
    chosen = [{"platform": one["platform"], "remote_id": one["remote_id"]} for one in offered if one["can_publish"]]
    return call("POST", f"{path}/channels", {"candidates": chosen}, token)["channels"]


def upload(workspace, token):
    mark = uuid.uuid4().hex
    head = f'--{mark}\r\nContent-Disposition: form-data; name="workspace_id"\r\n\r\n{workspace}\r\n'
    file = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    body = (head + file).encode() + PICTURE.read_bytes() + f"\r\n--{mark}--\r\n".encode()
    return call("POST", "/v1/media", body, token, f"multipart/form-data; boundary={mark}")["id"]


def write_posts(workspace, channels, media, token):
    """Drafts, one post that is due in a month, and one that is due now."""
    targets = [{"channel_id": channel["id"]} for channel in channels]
    month = (datetime.now(timezone.utc) + timedelta(days=30)).isoformat().replace("+00:00", "Z")
    for then in [None, None, None, ("schedule", {"at": month}), ("publish", None)]:
        new = {
            "workspace_id": workspace,
            "caption": f"Hello {uuid.uuid4()}",
            "media": [{"media_id": media}],
            "targets": targets,
        }
        post = call("POST", "/v1/posts", new, token)["id"]
        if then:
            call("POST", f"/v1/posts/{post}/{then[0]}", then[1], token)


def organization(name):
    """Signs up, makes everything, and returns how to authenticate: by signing in, and by key."""
    policy = call("GET", "/v1/registrations/policy")
    credentials = {"mail": f"{uuid.uuid4()}@example.com", "password": str(uuid.uuid4())}
    person = {"organization_name": name, "is_of_age": True, "acknowledged_notice": policy["notice_version"]}
    call("POST", "/v1/registrations", {**credentials, **person})
    token = call("POST", "/v1/sessions", credentials)["access_token"]
    workspace = call("GET", "/v1/workspaces", token=token)["data"][0]["id"]
    channels = connect(workspace, token)
    write_posts(workspace, channels, upload(workspace, token), token)
    call("POST", f"/v1/workspaces/{workspace}/feeds", {"name": name}, token)
    key = call("POST", "/v1/api_keys", {"name": name, "scopes": KEY_SCOPES}, token)["secret"]
    login = {
        "endpoint": "/v1/sessions",
        "verb": "POST",
        "contentType": "application/json",
        "payloadRaw": json.dumps(credentials),
        "token": {
            "extractFrom": "body",
            "extractSelector": "/access_token",
            "sendIn": "header",
            "sendName": "Authorization",
            "sendTemplate": "Bearer {token}",
        },
    }
    by_key = {"name": name, "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {key}"}]}
    return {"name": name, "loginEndpointAuth": login}, by_key


folder = Path(sys.argv[1])
sessions, keys = zip(organization("first"), organization("second"))
(folder / "session.json").write_text(json.dumps({"auth": sessions}))
(folder / "key.json").write_text(json.dumps({"auth": keys}))
