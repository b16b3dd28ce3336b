"""Another client signs in through the login dialog and reads what the first two published."""

import os
import urllib.parse
import urllib.request
from importlib.metadata import version

# The client's OAuth library refuses plain HTTP otherwise; the sandbox is on this machine.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"

from pyfacebook import FacebookApi, IGBusinessApi  # noqa: E402

import sandbox  # noqa: E402

REDIRECT = "http://127.0.0.1:9/callback"
check = sandbox.Checks(f"python-facebook-api {version('python-facebook-api')}")
seed = sandbox.admin("seed")
harbour = seed["pages"][0]
hosts = {
    "base_url": f"{sandbox.URL}/",
    "authorization_url": f"{sandbox.URL}/dialog/oauth",
    "access_token_url": f"{sandbox.URL}/oauth/access_token",
}
app = {"app_id": seed["app_id"], "app_secret": seed["app_secret"]}


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments):
        return None


def agree(url):
    """Sends the form of the login dialog and returns the address the browser would be sent to."""
    form = urllib.parse.urlencode({"person": seed["person_id"], "decision": "continue"}).encode()
    try:
        urllib.request.build_opener(NoRedirect).open(url, data=form)
    except urllib.error.HTTPError as answer:
        return answer.headers["Location"]
    return None


def sign_in():
    api = FacebookApi(**app, **hosts, oauth_flow=True, redirect_uri=REDIRECT)
    url, _ = api.get_authorization_url(scope=["pages_show_list", "pages_read_engagement"])
    token = api.exchange_user_access_token(response=agree(url))
    check.equal("the login dialog leads to a token", bool(token["access_token"]), True)
    long = api.exchange_long_lived_user_access_token()
    check.equal("a long-lived token follows", bool(long["access_token"]), True)
    state = api.debug_token(long["access_token"], access_token=f"{seed['app_id']}|{seed['app_secret']}")["data"]
    check.equal("it is valid for the person", [state["is_valid"], state["user_id"]], [True, seed["person_id"]])
    return api.exchange_page_access_token(harbour["id"], access_token=long["access_token"])


def read_page(token):
    api = FacebookApi(**app, **hosts, access_token=token)
    info = api.page.get_info(harbour["id"], fields="id,name")
    check.equal("the Page is read", info.name, harbour["name"])
    told = [entry["object_id"] for entry in sandbox.entries(harbour["id"], 0)]
    posts = api.page.get_published_posts(harbour["id"], count=None, limit=3, fields="id,message,permalink_url")
    found = [post.id for post in posts.data]
    check.equal("the Page's posts are those of the ledger, newest first", found, told[::-1])


def read_instagram():
    account = harbour["instagram"]
    api = IGBusinessApi(**app, **hosts, access_token=harbour["token"], instagram_business_id=account["id"])
    info = api.user.get_info(fields="id,username")
    check.equal("the account is read", info.username, account["username"])
    told = [entry["object_id"] for entry in sandbox.entries(account["id"], 0)]
    media = api.user.get_media(count=None, limit=1, fields="id,permalink,media_type")
    check.equal("the account's media are those of the ledger, newest first", [one.id for one in media.data], told[::-1])
    children = api.media.get_children(told[-1], fields="id,media_type")
    check.equal("a carousel shows its children", len(children.data), 3)


page_token = sign_in()
check.equal("a Page token follows", bool(page_token), True)
read_page(page_token)
read_instagram()
check.done()
