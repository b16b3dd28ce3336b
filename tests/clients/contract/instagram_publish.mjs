// An Instagram client that others wrote publishes an image and a carousel, and reads them back.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isDeepStrictEqual } from 'node:util';

const { SANDBOX_URL, PICTURES, PICTURES_URL, NODE_MODULES } = process.env;
const load = createRequire(`${NODE_MODULES}/`);
const instagram = load('instagram-graph-api');
const { version } = JSON.parse(readFileSync(`${NODE_MODULES}/instagram-graph-api/package.json`, 'utf8'));
// The only change: the host.
instagram.Constants.API_URL = SANDBOX_URL;

let failed = 0;
function equal(what, found, wanted) {
    const good = isDeepStrictEqual(found, wanted);
    failed += good ? 0 : 1;
    const more = good ? '' : `: ${JSON.stringify(found)} is not ${JSON.stringify(wanted)}`;
    console.log(`${good ? 'ok  ' : 'FAIL'} instagram-graph-api ${version}: ${what}${more}`);
}

const admin = async (path) => (await fetch(`${SANDBOX_URL}/_sandbox/${path}`)).json();
const newest = async () => (await admin('ledger?limit=0')).total;
const digest = (name) => createHash('sha256').update(readFileSync(`${PICTURES}/${name}`)).digest('hex');

const seed = await admin('seed');
const { token, instagram: account } = seed.pages[0];
const client = new instagram.Client(token, account.id, instagram.ApiVersion.LATEST);
const run = Date.now().toString(36);

async function ready(request, what) {
    const container = (await request.execute()).getId();
    for (let look = 0; look < 50; look += 1) {
        const status = (await client.newGetContainerRequest(container).execute()).getContainerStatusCode();
        if (status === 'FINISHED') return container;
        if (status !== 'IN_PROGRESS') throw new Error(`${what}: the container is ${status}`);
    }
    throw new Error(`${what}: the container never finishes`);
}

async function publish(what, container, kind, caption, pictures) {
    const since = await newest();
    const media = (await client.newPostPublishMediaRequest(container).execute()).getId();
    const { entries } = await admin(`ledger?account=${account.id}&since=${since}`);
    equal(`${what} became visible exactly once`, entries.length, 1);
    for (const entry of entries) {
        const told = [entry.kind, entry.object_id, entry.text, entry.media.map((piece) => piece.sha256)];
        equal(`${what} is what was sent, byte by byte`, told, [kind, media, caption, pictures.map(digest)]);
    }
    return media;
}

async function image() {
    const caption = `Fresh from the oven. ${run}`;
    const request = client.newPostPagePhotoMediaRequest(`${PICTURES_URL}/morning.jpg`, caption);
    const media = await publish('image', await ready(request, 'image'), 'media', caption, ['morning.jpg']);
    const info = await client.newGetMediaInfoRequest(media).execute();
    equal('image is read back', [info.getCaption(), info.getMediaType(), info.getMediaProductType()], [caption, 'IMAGE', 'FEED']);
    equal('image belongs to the account', [info.getOwnerId(), info.getUsername()], [account.id, account.username]);
    return { media, permalink: info.getPermalink() };
}

async function carousel() {
    const pictures = ['morning.jpg', 'noon.jpg', 'evening.jpg'];
    const caption = `One day. ${run}`;
    const since = await newest();
    const children = [];
    for (const name of pictures) {
        const request = client.newPostPagePhotoMediaRequest(`${PICTURES_URL}/${name}`).withIsCarousel(true);
        children.push(await ready(request, name));
    }
    const container = await ready(client.newPostPageCarouselMediaRequest(children, caption), 'carousel');
    equal('containers are not visible', await newest(), since);
    const media = await publish('carousel', container, 'carousel', caption, pictures);
    const info = await client.newGetMediaInfoRequest(media).execute();
    equal('carousel is read back', [info.getCaption(), info.getMediaType()], [caption, 'CAROUSEL_ALBUM']);
    const parts = (await client.newGetMediaChildrenRequest(media).execute()).getIds();
    equal('carousel has its pictures', parts.length, pictures.length);
    return { media, permalink: info.getPermalink() };
}

async function lists(published) {
    const found = (await client.newGetPageMediaRequest().withLimit(100).execute()).getData();
    const permalinks = published.map(({ media }) => found.filter(({ id }) => id === media).map(({ permalink }) => permalink));
    equal('the list has each once, with its permalink', permalinks, published.map(({ permalink }) => [permalink]));
    equal('permalinks are links', published.every(({ permalink }) => URL.canParse(permalink)), true);
    const first = await client.newGetPageMediaRequest().withLimit(1).execute();
    const after = { option: instagram.PageOption.AFTER, value: first.getPaging().getAfter() };
    const second = await client.newGetPageMediaRequest().withLimit(1).withPaging(after).execute();
    equal('a second page follows the first', [...first.getIds(), ...second.getIds()], [...published].reverse().map(({ media }) => media));
    const info = await client.newGetPageInfoRequest().execute();
    equal('the account is read', info.getUsername(), account.username);
}

async function quota(before) {
    const limit = await client.newGetContentPublishingLimitRequest().execute();
    equal('two publications were counted', limit.getQuotaUsage() - before, 2);
}

try {
    const before = (await client.newGetContentPublishingLimitRequest().execute()).getQuotaUsage();
    const published = [await image(), await carousel()];
    await quota(before);
    await lists(published);
} catch (error) {
    equal(`no call fails (${error.message})`, false, true);
}
process.exit(failed ? 1 : 0);
