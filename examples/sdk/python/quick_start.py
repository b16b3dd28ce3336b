"""The main job with a generated client: sign up, connect a Facebook Page and an Instagram account, upload a picture,
schedule one post for both, and wait until it is published.

    POSTERN_URL=http://127.0.0.1:8080 POSTERN_SANDBOX_URL=http://127.0.0.1:8090 python quick_start.py picture.jpg
"""

import json
import os
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path

import postern

URL = os.environ.get("POSTERN_URL", "http://127.0.0.1:8080")
SANDBOX_URL = os.environ.get("POSTERN_SANDBOX_URL", "http://127.0.0.1:8090")


def client(token=None):
    """A client that sends a session's access token or an API key with every request."""
    return postern.ApiClient(postern.Configuration(host=URL, access_token=token))


def sign_up():
    """Registers a person and an organization, and signs in."""
    accounts = postern.AccountsApi(client())
    policy = accounts.get_registration_policy()
    mail, password = f"quick-start-{uuid.uuid4()}@example.com", str(uuid.uuid4())
    accounts.register(
        postern.Registration(
            mail=mail,
            password=password,
            organization_name="Harbour Coffee",
            time_zone="Europe/Berlin",
            is_of_age=True,
            acknowledged_notice=policy.notice_version,
        )
    )
    return client(accounts.sign_in(postern.Credentials(mail=mail, password=password)).access_token)


def create_key(session):
    """An API key for programs: from here on nothing needs the person's session."""
    topics = {"organization": "read", "channels": "read write", "media": "read write", "posts": "read write publish"}
    scopes = [postern.Scope(f"{topic}:{verb}") for topic, verbs in topics.items() for verb in verbs.split()]
    key = postern.APIKeysApi(session).create_api_key(postern.NewApiKey(name="Quick start", scopes=scopes))
    return client(key.secret)


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments):
        return None


def agree(authorize_url):
    """What a person does in a browser: agrees in the login dialog, confirms who is to publish, and copies the code."""
    with urllib.request.urlopen(f"{SANDBOX_URL}/_sandbox/seed") as answer:
        person = json.load(answer)["person_id"]
    form = urllib.parse.urlencode({"person": person, "decision": "continue"}).encode()
    try:
        urllib.request.build_opener(NoRedirect).open(authorize_url, data=form)
        raise RuntimeError("the login dialog does not send the browser back")
    except urllib.error.HTTPError as answer:
        back = answer.headers["Location"]
    with urllib.request.urlopen(back) as page:
        nonce = re.search('name="nonce" value="([^"]+)"', page.read().decode()).group(1)
    form = urllib.parse.urlencode({"nonce": nonce, "decision": "continue"}).encode()
    with urllib.request.urlopen(back.split("?")[0], data=form) as page:
        return re.search("<code>([^<]+)</code>", page.read().decode()).group(1)


def connect(api, workspace_id):
    """Connects the first Page that can be published to and its Instagram account."""
    channels = postern.ChannelsApi(api)
    new = postern.NewConnection(workspace_id=workspace_id, provider=postern.Provider.META)
    begun = channels.create_connection(new)
    completion = postern.Completion(completion_code=agree(begun.authorize_url))
    offered = channels.complete_connection(begun.id, completion).candidates
    chosen = [
        next(one for one in offered if one.platform == platform and one.can_publish)
        for platform in [postern.Platform.FACEBOOK, postern.Platform.INSTAGRAM]
    ]
    choices = [postern.Choice(platform=one.platform, remote_id=one.remote_id) for one in chosen]
    return channels.choose_channels(begun.id, postern.Choices(candidates=choices)).channels


def schedule(api, workspace_id, channels, picture):
    """Uploads a picture, writes a post for all channels and schedules it."""
    publishing = postern.PublishingApi(api)
    file = (picture.name, picture.read_bytes())
    media = publishing.upload_media(workspace_id=workspace_id, alt_text="A cup of coffee at the harbour", file=file)
    new = postern.NewPost(
        workspace_id=workspace_id,
        caption=f"Good morning from the harbour. {datetime.now(timezone.utc).isoformat()}",
        media=[postern.Attachment(media_id=media.id)],
        targets=[postern.Target(channel_id=channel.id) for channel in channels],
    )
    post = publishing.create_post(new, idempotency_key=str(uuid.uuid4()))
    at = datetime.now(timezone.utc) + timedelta(seconds=5)
    return publishing.schedule_post(post.id, postern.PostSchedule(at=at))


def settled(api, post_id):
    """Asks until nothing more happens by itself: links follow a moment after publication."""
    for _ in range(120):
        post = postern.PublishingApi(api).get_post(post_id)
        published = [one for one in post.publications if one.state == postern.PublicationState.PUBLISHED]
        going_on = post.status in (postern.PostStatus.SCHEDULED, postern.PostStatus.PUBLISHING)
        if not going_on and all(one.permalink for one in published):
            return post
        time.sleep(0.5)
    raise RuntimeError("the post was not published within a minute")


def main(picture):
    api = create_key(sign_up())
    workspace = postern.OrganizationApi(api).list_workspaces().data[0]
    channels = connect(api, workspace.id)
    print("connected:", ", ".join(f"{channel.name} ({channel.platform.value})" for channel in channels))
    post = schedule(api, workspace.id, channels, picture)
    print(f"scheduled: {post.id} for {post.schedule.at.isoformat()}")
    post = settled(api, post.id)
    for publication in post.publications:
        print(f"{publication.platform.value}: {publication.state.value} {publication.permalink or ''}")
    if post.status != postern.PostStatus.PUBLISHED:
        sys.exit(f"the post is {post.status.value}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
