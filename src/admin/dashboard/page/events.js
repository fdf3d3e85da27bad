/* SPDX-License-Identifier: Apache-2.0 */
/* The log as it is written: server-sent events, read with fetch(), which can send a token. */
import {open} from "./api.js";
import {byId, element, textSet} from "./dom.js";
import * as format from "./format.js";

const LINES = 300;
const PENDING = 1 << 20; /* characters without an end of an event */
const AGAIN_MS = 3000;

function fieldOf(line) {
    const colon = line.indexOf(":");

    return [line.slice(0, colon), line.slice(colon + 1).trim()];
}

/* Cuts a stream of texts into events {type, data}; hands each of them over. */
async function eventsRead(body, each) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";

    for (;;) {
        const {done, value} = await reader.read();

        if (done || rest.length > PENDING)
            return;
        const events = (rest + value).split("\n\n");

        rest = events.pop();
        for (const text of events) {
            const fields = Object.fromEntries(text.split("\n").map(fieldOf));

            if (fields.data)
                each(fields.event ?? "", JSON.parse(fields.data));
        }
    }
}

function textOf(value) {
    return typeof value === "string" ? value : JSON.stringify(value);
}

function lineOf(entry) {
    const {time, level, event, ...others} = entry;
    const rest = Object.entries(others).map(([name, value]) => ` ${name}=${textOf(value)}`).join("");
    const mark = level === "error" ? "bad" : level === "warn" ? "warn" : "";

    return element("p", {}, `${format.shown(String(time).slice(11, 23))} `,
                   element("span", {className: mark}, format.shown(String(level))),
                   ` ${format.shown(String(event) + rest)}`);
}

export class Events {
    constructor() {
        this.lines = byId("events-lines");
        this.control = null;
        this.wanted = this.paused = false;
        this.timer = null;
        byId("events-level").addEventListener("change", () => this.update(true));
        byId("events-pause").addEventListener("click", (click) => {
            this.paused = !this.paused;
            click.target.setAttribute("aria-pressed", String(this.paused));
            this.update(false);
        });
        document.addEventListener("visibilitychange", () => this.update(false));
    }

    /* `wanted`: there is a server that would answer. */
    want(wanted) {
        if (wanted !== this.wanted) {
            this.wanted = wanted;
            this.update(false);
        }
    }

    update(anew) {
        const follow = this.wanted && !this.paused && !document.hidden;

        if ((anew || !follow) && this.control) {
            this.control.abort();
            this.control = null;
        }
        if (follow && !this.control)
            this.follow();
        if (!follow)
            textSet(byId("events-state"), this.paused ? "paused" : "");
    }

    async follow() {
        const control = this.control = new AbortController();
        let why = "the stream has ended";

        try {
            const body = await open(`/events?level=${byId("events-level").value}`, control.signal);

            textSet(byId("events-state"), "following");
            await eventsRead(body, (type, data) => this.add(type, data));
        } catch (error) {
            why = error.message;
        }
        if (this.control !== control)
            return; /* it was told to end */
        this.control = null;
        textSet(byId("events-state"), format.shown(why));
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.update(false), AGAIN_MS);
    }

    add(type, entry) {
        const below = this.lines.scrollHeight - this.lines.scrollTop - this.lines.clientHeight;

        this.lines.append(type === "lost" ?
            element("p", {className: "warn"}, `${entry.lines} lines were lost`) : lineOf(entry));
        while (this.lines.childElementCount > LINES)
            this.lines.firstChild.remove();
        if (below < 40)
            this.lines.scrollTop = this.lines.scrollHeight;
    }
}
