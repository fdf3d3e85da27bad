/* SPDX-License-Identifier: Apache-2.0 */
/* The server as a whole: charts and figures. */
import {Chart} from "./chart.js";
import {byId, element, textSet} from "./dom.js";
import * as format from "./format.js";

/* Title, and its text from answers of /activity. */
const FIGURES = [
    ["Connections", (now) => format.count(now.counts.connections)],
    ["Clients", (now) => format.count(now.counts.clients)],
    ["Sessions", (now) => format.count(now.counts.sessions)],
    ["Opens", (now) => format.count(now.counts.opens)],
    ["Locks", (now) => format.count(now.locks.held)],
    ["Locks waited for", (now) => format.count(now.locks.waited_for)],
    ["Delegations", (now) => format.count(now.counts.delegations)],
    ["Recalls in flight", (now) => format.count(now.recalls.in_flight)],
    ["Oldest recall", (now) => (now.recalls.in_flight > 0 ? format.duration(now.recalls.oldest_s) : "–")],
    ["Delegations revoked", (now) => format.count(now.recalls.revoked)],
    ["Callbacks in flight", (now) => format.count(now.callbacks.in_flight)],
    ["Callbacks failed", (now) => `${format.count(now.callbacks.failed)} of ${format.count(now.callbacks.sent)}`],
    ["Requests parked", (now) => format.count(now.requests.parked)],
    ["Memory used", (now) => format.bytes(now.memory.used_bytes)],
    ["Memory allowed", (now) => format.bytes(now.memory.budget_bytes)],
];

function perSecond(value) {
    return `${format.bytes(value)}/s`;
}

export class Overview {
    constructor() {
        this.operations = new Chart(byId("ops-chart"), ["operations a second"], format.rate);
        this.bytes = new Chart(byId("bytes-chart"), ["bytes read", "bytes written"], perSecond);
        this.latency = new Chart(byId("latency-chart"), ["p50", "p99"], format.latency);
        this.figures = FIGURES.map(([title]) => this.figure(title));
    }

    figure(title) {
        const value = element("dd");

        byId("counts").append(element("div", {}, element("dt", {}, title), value));
        return value;
    }

    show(answer, history, time) {
        const now = history.latest, points = (...names) => names.map((name) => history.line(name).points);

        FIGURES.forEach(([, text], n) => textSet(this.figures[n], text(answer)));
        textSet(byId("ops-now"), now ? format.rate(now.rate) : "–");
        textSet(byId("bytes-now"), now ? `read ${perSecond(now.read)}, written ${perSecond(now.written)}` : "–");
        textSet(byId("latency-now"), now ? `p50 ${format.latency(now.p50)}, p99 ${format.latency(now.p99)}` : "–");
        this.operations.show(points("rate"), time);
        this.bytes.show(points("read", "written"), time);
        this.latency.show(points("p50", "p99"), time);
    }
}
