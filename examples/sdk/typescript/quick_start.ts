// The main job with generated types: sign up, connect a Facebook Page and an Instagram account, upload a picture,
// schedule one post for both, and wait until it is published.
//
//   POSTERN_URL=http://127.0.0.1:8080 POSTERN_SANDBOX_URL=http://127.0.0.1:8090 node quick_start.js picture.jpg
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import createClient from 'openapi-fetch';
import type { components, paths } from './postern.js';

type Channel = components['schemas']['Channel'];
type Post = components['schemas']['Post'];
type Problem = components['schemas']['Problem'];

const baseUrl = process.env['POSTERN_URL'] ?? 'http://127.0.0.1:8080';
const sandboxUrl = process.env['POSTERN_SANDBOX_URL'] ?? 'http://127.0.0.1:8090';

/** A client that sends a session's access token or an API key with every request. */
function clientWith(token?: string) {
    return createClient<paths>({ baseUrl, headers: token ? { Authorization: `Bearer ${token}` } : {} });
}
type Client = ReturnType<typeof clientWith>;

/** What was answered, or the problem as an exception. */
function answered<T>({ data, error }: { data?: T; error?: Problem }): NonNullable<T> {
    if (error) throw new Error(`${error.code}: ${error.detail} ${JSON.stringify(error.violations ?? [])}`);
    if (data === undefined || data === null) throw new Error('the answer is empty');
    return data;
}

/** Registers a person and an organization, and signs in. */
async function signUp(): Promise<Client> {
    const api = clientWith();
    const policy = answered(await api.GET('/v1/registrations/policy'));
    const mail = `quick-start-${randomUUID()}@example.com`;
    const password = randomUUID();
    const registration = {
        mail,
        password,
        organization_name: 'Harbour Coffee',
        time_zone: 'Europe/Berlin',
        is_of_age: true,
        acknowledged_notice: policy.notice_version,
    };
    answered(await api.POST('/v1/registrations', { body: registration }));
    const tokens = answered(await api.POST('/v1/sessions', { body: { mail, password } }));
    return clientWith(tokens.access_token);
}

/** An API key for programs: from here on nothing needs the person's session. */
async function createKey(session: Client): Promise<Client> {
    const key = await session.POST('/v1/api_keys', {
        body: {
            name: 'Quick start',
            origins: [],
            scopes: [
                'organization:read',
                'channels:read',
                'channels:write',
                'media:read',
                'media:write',
                'posts:read',
                'posts:write',
                'posts:publish',
            ],
        },
    });
    return clientWith(answered(key).secret);
}

/** What a person does in a browser: agrees in the login dialog, confirms who is to publish, and copies the code. */
async function agree(authorizeUrl: string): Promise<string> {
    const seed = (await (await fetch(`${sandboxUrl}/_sandbox/seed`)).json()) as { person_id: string };
    const form = new URLSearchParams({ person: seed.person_id, decision: 'continue' });
    const dialog = await fetch(authorizeUrl, { method: 'POST', body: form, redirect: 'manual' });
    const back = dialog.headers.get('location');
    if (!back) throw new Error(`the login dialog answered ${dialog.status}`);
    const nonce = /name="nonce" value="([^"]+)"/.exec(await (await fetch(back)).text())?.[1];
    if (!nonce) throw new Error('the page after the dialog asks nothing');
    const word = new URLSearchParams({ nonce, decision: 'continue' });
    const page = await (await fetch(back.split('?')[0]!, { method: 'POST', body: word })).text();
    const code = /<code>([^<]+)<\/code>/.exec(page)?.[1];
    if (!code) throw new Error('the last page shows no code');
    return code;
}

/** Connects the first Page that can be published to and its Instagram account. */
async function connect(api: Client, workspaceId: string): Promise<Channel[]> {
    const body = { workspace_id: workspaceId, provider: 'meta' as const };
    const { id, authorize_url } = answered(await api.POST('/v1/connections', { body }));
    const params = { path: { id } };
    const completion_code = await agree(authorize_url);
    const { candidates } = answered(await api.POST('/v1/connections/{id}/complete', { params, body: { completion_code } }));
    const chosen = (['facebook', 'instagram'] as const).map((platform) => {
        const candidate = candidates.find((one) => one.platform === platform && one.can_publish);
        if (!candidate) throw new Error(`there is no ${platform} channel to choose`);
        return { platform, remote_id: candidate.remote_id };
    });
    return answered(await api.POST('/v1/connections/{id}/channels', { params, body: { candidates: chosen } })).channels;
}

/** Uploads a picture. The parts stand in the order of the document: the file is last. */
async function upload(api: Client, workspaceId: string, path: string): Promise<string> {
    const file = new Blob([await readFile(path)], { type: 'image/jpeg' });
    const media = await api.POST('/v1/media', {
        body: { workspace_id: workspaceId, alt_text: 'A cup of coffee at the harbour', file: '' },
        bodySerializer({ workspace_id, alt_text }) {
            const form = new FormData();
            form.append('workspace_id', workspace_id);
            form.append('alt_text', alt_text ?? '');
            form.append('file', file, 'harbour.jpg');
            return form;
        },
    });
    return answered(media).id;
}

/** Writes a post for all channels and schedules it. */
async function schedule(api: Client, workspaceId: string, channels: Channel[], mediaId: string): Promise<Post> {
    const written = await api.POST('/v1/posts', {
        params: { header: { 'Idempotency-Key': randomUUID() } },
        body: {
            workspace_id: workspaceId,
            caption: `Good morning from the harbour. ${new Date().toISOString()}`,
            media: [{ media_id: mediaId }],
            targets: channels.map((channel) => ({ channel_id: channel.id })),
        },
    });
    const { id } = answered(written);
    const at = new Date(Date.now() + 5_000).toISOString();
    return answered(await api.POST('/v1/posts/{id}/schedule', { params: { path: { id } }, body: { at } }));
}

/** Asks until nothing more happens by itself: links follow a moment after publication. */
async function settled(api: Client, id: string): Promise<Post> {
    for (let look = 0; look < 120; look += 1) {
        const post = answered(await api.GET('/v1/posts/{id}', { params: { path: { id } } }));
        const linked = post.publications.every(({ state, permalink }) => state !== 'published' || permalink);
        if (!['scheduled', 'publishing'].includes(post.status) && linked) return post;
        await new Promise((wake) => setTimeout(wake, 500));
    }
    throw new Error('the post was not published within a minute');
}

const picture = process.argv[2];
if (!picture) throw new Error('usage: node quick_start.js PICTURE.jpg');
const session = await signUp();
const api = await createKey(session);
const [workspace] = answered(await api.GET('/v1/workspaces')).data;
if (!workspace) throw new Error('there is no workspace');
const channels = await connect(api, workspace.id);
console.log(`connected: ${channels.map(({ platform, name }) => `${name} (${platform})`).join(', ')}`);
const mediaId = await upload(api, workspace.id, picture);
const { id, schedule: due } = await schedule(api, workspace.id, channels, mediaId);
console.log(`scheduled: ${id} for ${due?.at}`);
const post = await settled(api, id);
for (const { platform, state, permalink } of post.publications) console.log(`${platform}: ${state} ${permalink ?? ''}`);
if (post.status !== 'published') throw new Error(`the post is ${post.status}`);
