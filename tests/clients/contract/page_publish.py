"""Meta's own client publishes text, a link, one photo and several photos to a Page, and reads them back."""

from importlib.metadata import version

from facebook_business.adobjects.page import Page
from facebook_business.adobjects.pagepost import PagePost
from facebook_business.adobjects.photo import Photo
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession

import sandbox

check = sandbox.Checks(f"facebook-business {version('facebook-business')}")


class Session(FacebookSession):
    """The client's own session; only the host is another."""

    GRAPH = sandbox.URL


seed = sandbox.admin("seed")
harbour = seed["pages"][0]


def api(token):
    return FacebookAdsApi(Session(seed["app_id"], seed["app_secret"], token))


page_api = api(harbour["token"])
page = Page(harbour["id"], api=page_api)


def feed(what, params, kind, pictures=()):
    """Publishes through `/feed` and compares the ledger and what the client reads back."""
    since = sandbox.newest()
    post = page.create_feed(params=params)
    wanted = {"kind": kind, "object": post["id"], "text": params["message"], "media": [sandbox.digest(name) for name in pictures]}
    check.published(what, harbour["id"], since, wanted)
    read = PagePost(post["id"], api=page_api).api_get(fields=["message", "permalink_url", "created_time"])
    check.equal(f"{what} is read back", read["message"], params["message"])
    check.equal(f"{what} has a permalink", read["permalink_url"].startswith("http"), True)
    return post["id"]


def text_and_link():
    text = feed("text", {"message": f"Open from seven. {sandbox.RUN}"}, "post")
    link = feed("link", {"message": f"Read on. {sandbox.RUN}", "link": "https://example.com/menu"}, "post")
    return [text, link]


def one_photo():
    """By address, then as a file of this machine."""
    by_url = {"url": f"{sandbox.PICTURES_URL}/morning.jpg", "caption": f"Morning. {sandbox.RUN}"}
    by_file = {"caption": f"Noon. {sandbox.RUN}"}
    return [photo("photo by address", "morning.jpg", by_url), photo("photo as a file", "noon.jpg", by_file)]


def photo(what, name, params):
    since = sandbox.newest()
    made = page.create_photo(params=params) if "url" in params else upload(name, params)
    wanted = {"kind": "photo", "object": made["post_id"], "text": params["caption"], "media": [sandbox.digest(name)]}
    check.published(what, harbour["id"], since, wanted)
    read = Photo(made["id"], api=page_api).api_get(fields=["id", "link", "name", "width"])
    check.equal(f"{what} is read back", read["name"], params["caption"])
    return made["post_id"]


def upload(name, params):
    """The client's typed call takes no file for photos; its general call does."""
    with open(sandbox.PICTURES / name, "rb") as file:
        return page_api.call("POST", (harbour["id"], "photos"), params=params, files={"source": file}).json()


def several_photos():
    names = ["morning.jpg", "noon.jpg", "evening.jpg"]
    since = sandbox.newest()
    photos = [
        page.create_photo(params={"url": f"{sandbox.PICTURES_URL}/{name}", "published": False})["id"] for name in names
    ]
    check.equal("unpublished photos are not visible", sandbox.entries(harbour["id"], since), [])
    attached = [{"media_fbid": photo} for photo in photos]
    return feed("several photos", {"message": f"All day. {sandbox.RUN}", "attached_media": attached}, "post", names)


def lists(ids):
    posts = {post["id"]: post for post in page.get_published_posts(fields=["message", "permalink_url"], params={"limit": 2})}
    check.equal("every post is in the list, across its pages", [id for id in ids if id not in posts], [])
    check.equal("permalinks differ", len({posts[id]["permalink_url"] for id in ids if id in posts}), len(ids))
    from_feed = [post["id"] for post in page.get_feed(fields=["id"], params={"limit": 100})]
    check.equal("the feed lists each once, newest first", [id for id in from_feed if id in ids], ids[::-1])


def refusals():
    """What the platform refuses comes back as the client's own error, with the platform's code."""
    cases = [
        ("a wrong token", Page(harbour["id"], api=api("EAAnobody")), {"message": "No"}, 190),
        ("an empty post", page, {}, 100),
    ]
    for what, target, params, code in cases:
        since = sandbox.newest()
        try:
            target.create_feed(params=params)
            found = "no error"
        except FacebookRequestError as error:
            found = error.api_error_code()
        check.equal(f"{what} is refused", found, code)
        check.equal(f"{what} publishes nothing", sandbox.entries(harbour["id"], since), [])


ids = text_and_link() + one_photo() + [several_photos()]
lists(ids)
refusals()
check.done()
