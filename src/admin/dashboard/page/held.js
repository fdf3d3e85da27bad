/* SPDX-License-Identifier: Apache-2.0 */
/* What clients hold: opens, locks and delegations, and how they lose it. */
import {remove} from "./api.js";
import {confirmFirst} from "./confirm.js";
import {writeButton} from "./dom.js";
import * as format from "./format.js";

const HOLDER = {title: "Client", kind: "name", text: (item) => format.shown(item.client_owner)};
const PATH = {title: "Path", kind: "name", text: (item) => format.shown(item.path)};

/* `noun` is the path of the resource, `thing` what it is called, `loses` what that means. */
function revoke(noun, thing, loses, done) {
    return {
        title: "Action",
        write: true,
        make(first, row) {
            const label = `Revoke the ${thing} of ${format.shown(first.client_owner)}`;

            return writeButton("Revoke", label, () => confirmFirst(
                `Revoke this ${thing}?`,
                `${format.shown(row.item.client_owner)} loses its ${thing} of ${format.shown(row.item.path)}${loses} ` +
                "The program that uses it gets an error.",
                `Revoke the ${thing}`, async () => {
                    await remove(`/${noun}/${row.item.id}`);
                    done();
                }));
        },
    };
}

function range(lock) {
    return lock.length === null ? `${format.count(lock.offset)} to the end` :
        `${format.count(lock.offset)}, ${format.count(lock.length)} bytes`;
}

/* `done()` is called after something was revoked. */
export function openColumns(done) {
    return [HOLDER, {title: "Owner", kind: "name", text: (open) => format.shown(open.owner)},
            {title: "Access", text: (open) => open.access}, {title: "Denies", text: (open) => open.deny},
            {title: "Locks", kind: "number", text: (open) => format.count(open.locks)},
            revoke("opens", "open", ", with its locks.", done)];
}

export function lockColumns(done) {
    return [HOLDER, {title: "Owner", kind: "name", text: (lock) => format.shown(lock.owner)},
            {title: "Type", text: (lock) => lock.type}, {title: "Bytes from", kind: "number", text: range},
            revoke("locks", "lock", ", with its open and the other locks of that.", done)];
}

export function delegationColumns(done, withPath) {
    return [HOLDER, ...(withPath ? [PATH] : []), {title: "Type", text: (held) => held.type},
            {title: "State", text: (held) => (held.state === "recalled" ?
                `recalled ${format.duration(held.recalled_s)} ago` : held.state)},
            {title: "Age", kind: "number", text: (held) => format.duration(held.age_s)},
            revoke("delegations", "delegation", ", and is not asked to return it first.", done)];
}
