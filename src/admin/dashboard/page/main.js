/* SPDX-License-Identifier: Apache-2.0 */
/* Puts the page together: what is asked for, how often, and what happens if there is no answer. */
import {Access} from "./access.js";
import {get, Refusal} from "./api.js";
import {clientList} from "./clients.js";
import {confirmStart} from "./confirm.js";
import {byId, element, textSet} from "./dom.js";
import {Events} from "./events.js";
import {Files} from "./files.js";
import * as format from "./format.js";
import {History} from "./history.js";
import {delegationList, Exports, Loops} from "./lists.js";
import {Operations} from "./operations.js";
import {Overview} from "./overview.js";
import {Poller} from "./poller.js";
import {sessionList} from "./sessions.js";
import {themeStart} from "./theme.js";

const LIVE_MS = 1000;
const LIVE_TIMEOUT_MS = 5000; /* the server has these answers at once */
const LIST_MS = 2000;

const history = new History(), overview = new Overview(), operations = new Operations(), loops = new Loops();
const events = new Events();
let started = null;

function stateOf(server) {
    if (server.phase === "serving" && server.grace.active)
        return ["grace period", "warn", `, which ends in ${format.duration(server.grace.ends_in_s)}`];
    return [server.phase, server.phase === "serving" ? "good" : "warn", ""];
}

/* Screen readers hear of a change of the state, not of each second. */
function stateShow(text, className) {
    textSet(byId("state"), text);
    byId("state").className = `pill ${className}`;
}

function notice(text) {
    byId("notice").hidden = text === "";
    textSet(byId("notice"), text);
}

function serverShow(server) {
    const [state, className, more] = stateOf(server);

    stateShow(state, className);
    textSet(byId("about"), `${server.version}, up ${format.duration(server.uptime_s)}, ` +
            `NFSv4.${server.minor_versions.min} to 4.${server.minor_versions.max}, ` +
            `leases of ${format.duration(server.lease_s)}${more}`);
    notice("");
}

async function live() {
    const [server, activity] = await Promise.all(["/server", "/activity"].map((path) => get(path, LIVE_TIMEOUT_MS)));
    const time = performance.now() / 1000;

    history.add(activity, time);
    if (started !== null && started !== activity.started)
        console.info("the server has started again");
    started = activity.started;
    serverShow(server);
    overview.show(activity, history, time);
    operations.show(history, time);
    loops.show(history.answers[0], activity);
    events.want(true);
}

const access = new Access(() => start());
const poller = new Poller(LIVE_MS, live, failed);

/* Without an answer the figures stay, and the page says that they are old. */
function failed(error) {
    events.want(false);
    history.gap(performance.now() / 1000);
    if (error instanceof Refusal && error.status === 401) {
        poller.stop();
        first.wake();
        return;
    }
    stateShow("no answer", "bad");
    notice(error instanceof Refusal ? `The server answers: ${format.shown(error.message)}` :
        "The server does not answer. What is shown is what it said last. The page goes on by itself when it answers.");
}

/* Lists are asked for as long as they can be seen. */
function listPoller(section, refresh) {
    const trouble = element("p", {className: "error"});
    const list = new Poller(LIST_MS, async () => {
        await refresh();
        textSet(trouble, "");
    }, (error) => textSet(trouble, format.shown(error.message)));
    let seen = false;

    byId(section).append(trouble);

    new IntersectionObserver(([entry]) => {
        seen = entry.isIntersecting;
        if (seen && access.rights !== "none")
            list.wake();
        else
            list.stop();
    }).observe(byId(section));
    return {
        wake: () => list.wake(),
        start: () => seen && list.wake(),
    };
}

function lists() {
    const made = {};
    const wake = (name) => () => made[name].wake();
    const of = {
        sessions: sessionList(wake("sessions")),
        clients: clientList(wake("clients")),
        delegations: delegationList(wake("delegations")),
        exports: new Exports(),
    };

    for (const [name, list] of Object.entries(of))
        made[name] = listPoller(name, () => list.refresh());
    return Object.values(made);
}

themeStart();
confirmStart();
new Files();

const pollers = lists();

function start() {
    poller.wake();
    for (const list of pollers)
        list.start();
}

/* Whether a token is needed is asked until there is an answer. */
const first = new Poller(LIVE_MS, async () => {
    await access.check();
    first.stop();
}, failed);

first.wake();
