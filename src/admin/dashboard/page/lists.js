/* SPDX-License-Identifier: Apache-2.0 */
/* Delegations, exports and event loops. */
import {get} from "./api.js";
import {byId} from "./dom.js";
import * as format from "./format.js";
import {delegationColumns} from "./held.js";
import {Paged} from "./paged.js";
import {Table} from "./table.js";

export function delegationList(wake) {
    const table = new Table(byId("delegations-table"), delegationColumns(wake, true), (held) => held.id,
                            "No delegations");

    return new Paged("/delegations", table, byId("delegations-pages"), wake);
}

export class Exports {
    constructor() {
        this.table = new Table(byId("exports-table"), [
            {title: "Path", kind: "name", text: (one) => format.shown(one.path)},
            {title: "Backend", kind: "name", text: (one) => format.shown(`${one.backend} ${one.argument}`.trim())},
            {title: "Access", text: (one) => (one.read_only ? "ro" : "rw")},
            {title: "Security", text: (one) => one.sec},
            {title: "Squash", text: (one) => one.squash},
            {title: "For", kind: "name", text: (one) => format.shown(one.clients.join(", ") || "every address")},
            {title: "State", kind: "name",
             text: (one) => format.shown(one.reason ? `${one.state}: ${one.reason}` : one.state)},
            {title: "Clients", kind: "number", text: (one) => format.count(one.uses.clients)},
            {title: "Opens", kind: "number", text: (one) => format.count(one.uses.opens)},
            {title: "Delegations", kind: "number", text: (one) => format.count(one.uses.delegations)},
        ], (one) => `${one.origin} ${one.path}`, "No exports");
    }

    async refresh() {
        this.table.show((await get("/exports")).items);
    }
}

export class Loops {
    constructor() {
        this.before = null;
        this.table = new Table(byId("loops-table"), [
            {title: "Loop", kind: "number", text: (loop) => String(loop.number)},
            {title: "Connections", kind: "number", text: (loop) => format.count(loop.connections)},
            {title: "Requests a second", kind: "number", text: (loop) => format.rate(loop.rate)},
            {title: "Turns due", kind: "number", text: (loop) => format.count(loop.turns_due)},
            {title: "Last wait", kind: "number", text: (loop) => format.latency(loop.lag_s)},
        ], (loop) => loop.number, "No event loops");
    }

    /* `first` and `last` are answers of /activity; without `first` there are no rates yet. */
    show(first, last) {
        const seconds = last.monotonic_s - first.monotonic_s;

        this.table.show(last.loops.map((loop, n) => ({
            ...loop, rate: seconds > 0 ? (loop.requests - first.loops[n].requests) / seconds : null,
        })));
    }
}
