"""The server as an organization of its own uses it: signed up, with a Page and an account connected."""

import json
import os
import re
import urllib.error
import urllib.parse
import urllib.request
import uuid

URL = os.environ["POSTERN_URL"]
SANDBOX_URL = os.environ["POSTERN_SANDBOX_URL"]
token = None


def raw(method, url, body=None, headers=()):
    """An answer: status, headers, bytes."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers=dict(headers))
    if data is not None:
        request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def fetch(path):
    """What the server answers to whoever may ask, as bytes."""
    status, _, body = raw("GET", URL + path, headers={"Authorization": f"Bearer {token}"})
    if status != 200:
        raise SystemExit(f"GET {path}: {status} {body.decode()}")
    return body


def call(method, path, body=None):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    status, _, answer = raw(method, URL + path, body, headers)
    if status >= 300:
        raise SystemExit(f"{method} {path}: {status} {answer.decode()}")
    return json.loads(answer or b"null")


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments):
        return None


def agree(authorize_url):
    """Sends the form of the login dialog and that of the page after it, and returns the completion code."""
    person = json.loads(raw("GET", f"{SANDBOX_URL}/_sandbox/seed")[2])["person_id"]
    form = urllib.parse.urlencode({"person": person, "decision": "continue"}).encode()
    try:
        urllib.request.build_opener(NoRedirect).open(authorize_url, data=form)
    except urllib.error.HTTPError as answer:
        back = answer.headers["Location"]
    else:
        raise SystemExit("the login dialog does not send the browser back")
    with urllib.request.urlopen(back) as page:
        nonce = re.search('name="nonce" value="([^"]+)"', page.read().decode()).group(1)
    form = urllib.parse.urlencode({"nonce": nonce, "decision": "continue"}).encode()
    with urllib.request.urlopen(back.split("?")[0], data=form) as page:
        return re.search("<code>([^<]+)</code>", page.read().decode()).group(1)


def connect(workspace):
    begun = call("POST", "/v1/connections", {"workspace_id": workspace, "provider": "meta"})
    path = f"/v1/connections/{begun['id']}"
    offered = call("POST", f"{path}/complete", {"completion_code": agree(begun["authorize_url"])})["candidates"]
    chosen = [{"platform": one["platform"], "remote_id": one["remote_id"]} for one in offered if one["can_publish"]]
    return call("POST", f"{path}/channels", {"candidates": chosen})["channels"]


def sign_up():
    """Returns the workspace and the id of a Page's channel."""
    global token
    notice = call("GET", "/v1/registrations/policy")["notice_version"]
    credentials = {"mail": f"{uuid.uuid4()}@example.com", "password": str(uuid.uuid4())}
    person = {"organization_name": "Calendars", "is_of_age": True, "acknowledged_notice": notice}
    call("POST", "/v1/registrations", {**credentials, **person})
    token = call("POST", "/v1/sessions", credentials)["access_token"]
    workspace = call("GET", "/v1/workspaces")["data"][0]["id"]
    return workspace, next(one["id"] for one in connect(workspace) if one["platform"] == "facebook")
