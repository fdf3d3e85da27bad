/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to the REST interface.  The token stays in this tab. */

const KEY = "mainstay-token";
const ROOT = "/api/v1";
const TIMEOUT_MS = 60000; /* the server answers within 55 s, or says that it cannot */

/* The server has answered, but not with what was asked for. */
export class Refusal extends Error {
    constructor(status, detail) {
        super(detail);
        this.status = status;
    }
}

/* There was no answer. */
export class Silence extends Error {}

export function tokenGet() {
    return sessionStorage.getItem(KEY);
}

export function tokenSet(token) {
    if (token)
        sessionStorage.setItem(KEY, token);
    else
        sessionStorage.removeItem(KEY);
}

async function refusalOf(reply) {
    let detail = `${reply.status} ${reply.statusText}`;

    try {
        detail = (await reply.json()).detail ?? detail;
    } catch {
        /* not from Mainstay */
    }
    return new Refusal(reply.status, detail);
}

/* The reply to a request, whose body has yet to be read. */
async function send(method, path, signal) {
    const token = tokenGet();
    const headers = token ? {Authorization: `Bearer ${token}`} : {};
    let reply;

    try {
        reply = await fetch(ROOT + path, {method, headers, signal, cache: "no-store", redirect: "error"});
    } catch (error) {
        throw new Silence(error.message);
    }
    if (!reply.ok)
        throw await refusalOf(reply);
    return reply;
}

/* The value that a GET returns. */
export async function get(path, timeout_ms = TIMEOUT_MS) {
    const reply = await send("GET", path, AbortSignal.timeout(timeout_ms));

    try {
        return await reply.json();
    } catch (error) {
        throw new Silence(error.message);
    }
}

export async function remove(path) {
    await send("DELETE", path, AbortSignal.timeout(TIMEOUT_MS));
}

/* A body that goes on until `signal` is aborted. */
export async function open(path, signal) {
    return (await send("GET", path, signal)).body;
}
