/* SPDX-License-Identifier: Apache-2.0 */
/* Clients, one of them in detail, and how to be rid of one. */
import {get, remove} from "./api.js";
import {confirmFirst} from "./confirm.js";
import {byId, element, textSet, writeButton} from "./dom.js";
import * as format from "./format.js";
import {Paged} from "./paged.js";
import {Table} from "./table.js";

function lines(list, texts) {
    const told = texts.length > 0 ? texts : ["nothing"];

    list.replaceChildren(...told.map((text) => element("li", {}, format.shown(text))));
}

function facts(client) {
    const made = client.implementation;

    return [
        ["Client ID", client.id], ["Address", client.address],
        ["Minor version", client.kind === "4.0" ? "4.0" : "4.1 or later"],
        ["Implementation", made ? `${made.name} (${made.domain})` : null],
        ["Security", client.security], ["State", client.state],
        ["Lease", `renewed ${format.duration(client.lease_age_s)} ago, of ${format.duration(client.lease_s)}`],
        ["Flags", client.flags.join(", ") || "none"], ["Callbacks", client.callback_path],
        ["Sessions", client.session_ids.join(", ") || "none"],
    ];
}

function detailsFill(client) {
    byId("client-facts").replaceChildren(...facts(client).flatMap(([title, text]) =>
        [element("dt", {}, title), element("dd", {}, format.shown(text))]));
    lines(byId("client-waits"), client.waits);
    lines(byId("client-recalls"), client.recalls.map((recall) =>
        `${recall.path ?? recall.delegation}, for ${format.duration(recall.age_s)}`));
}

/* The client that the dialog is about. */
let chosen = null;

/* Says nothing about one that is not chosen any more when the answer comes. */
async function detailsAsk(client) {
    let details;

    try {
        details = await get(`/clients/${client.id}`);
    } catch (error) {
        if (client === chosen)
            lines(byId("client-waits"), [error.status === 404 ? "It is gone." : error.message]);
        return;
    }
    if (client === chosen)
        detailsFill(details);
}

function detailsShow(client) {
    chosen = client;
    textSet(byId("client-title"), format.shown(client.owner));
    byId("client-facts").replaceChildren();
    lines(byId("client-waits"), []);
    lines(byId("client-recalls"), []);
    byId("client-dialog").showModal();
    detailsAsk(client);
}

const DETAILS = {
    title: "More",
    make(first, row) {
        const button = element("button", {type: "button"}, "Details");

        button.setAttribute("aria-label", `Details of ${format.shown(first.owner)}`);
        button.addEventListener("click", () => detailsShow(row.item));
        return button;
    },
};

function evict(wake) {
    return {
        title: "Action",
        write: true,
        make(first, row) {
            return writeButton("Evict", `Evict ${format.shown(first.owner)}`, () => confirmFirst(
                "Evict this client?",
                `${format.shown(row.item.owner)} loses all that it holds: ${row.item.opens} opens, ` +
                `${row.item.locks} locks, ${row.item.delegations} delegations. If it still lives, it registers anew.`,
                "Evict the client", async () => {
                    await remove(`/clients/${row.item.id}`);
                    wake();
                }));
        },
    };
}

export function clientList(wake) {
    const table = new Table(byId("clients-table"), [
        {title: "Owner name", kind: "name", text: (client) => format.shown(client.owner)},
        {title: "Address", text: (client) => format.shown(client.address)},
        {title: "State", text: (client) => client.state},
        {title: "Lease age", kind: "number", text: (client) => format.duration(client.lease_age_s)},
        {title: "Sessions", kind: "number", text: (client) => format.count(client.sessions)},
        {title: "Opens", kind: "number", text: (client) => format.count(client.opens)},
        {title: "Locks", kind: "number", text: (client) => format.count(client.locks)},
        {title: "Delegations", kind: "number", text: (client) => format.count(client.delegations)},
        {title: "Callbacks", text: (client) => client.callback_path},
        DETAILS,
        evict(wake),
    ], (client) => client.id, "No clients");
    const list = new Paged("/clients", table, byId("clients-pages"), wake);

    byId("client-close").addEventListener("click", () => byId("client-dialog").close());
    byId("clients-form").addEventListener("submit", (event) => {
        const text = byId("clients-filter").value;

        event.preventDefault();
        list.restrict(text ? `&${byId("clients-by").value}=${encodeURIComponent(text)}` : "");
    });
    return list;
}
