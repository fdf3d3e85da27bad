/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions, and how many of their slots are in use. */
import {remove} from "./api.js";
import {confirmFirst} from "./confirm.js";
import {byId, element, textSet, writeButton} from "./dom.js";
import * as format from "./format.js";
import {Paged} from "./paged.js";
import {Table} from "./table.js";

/* The bar says nothing that the text beside it does not say. */
const SLOTS = {
    title: "Slots in use",
    make() {
        const bar = element("meter", {min: 0});

        bar.setAttribute("aria-hidden", "true");
        return element("div", {className: "slots"}, bar, element("span"));
    },
    change(node, session) {
        node.firstChild.max = session.slots;
        node.firstChild.value = session.slots_in_use;
        textSet(node.lastChild, `${session.slots_in_use} of ${session.slots}`);
    },
};

function close(wake) {
    return {
        title: "Action",
        write: true,
        make(first, row) {
            return writeButton("Close", `Close the session of ${format.shown(first.client_owner)}`, () => confirmFirst(
                "Close this session?",
                `${format.shown(row.item.client_owner)} makes another one, and keeps its opens and locks.`,
                "Close the session", async () => {
                    await remove(`/sessions/${row.item.id}`);
                    wake();
                }));
        },
    };
}

function peers(session) {
    return session.connections.map((connection) => connection.peer ?? "?").join(", ") || "none";
}

export function sessionList(wake) {
    const table = new Table(byId("sessions-table"), [
        {title: "Client", kind: "name", text: (session) => format.shown(session.client_owner)},
        SLOTS,
        {title: "Highest slot", kind: "number", text: (session) => format.count(session.highest_slot)},
        {title: "Kept replies", kind: "number", text: (session) => format.bytes(session.reply_cache_bytes)},
        {title: "Connections", kind: "name", text: (session) => format.shown(peers(session))},
        {title: "Back channel", text: (session) => session.back_channel},
        {title: "Last request", kind: "number", text: (session) => `${format.duration(session.last_activity_s)} ago`},
        close(wake),
    ], (session) => session.id, "No sessions");

    return new Paged("/sessions", table, byId("sessions-pages"), wake);
}
