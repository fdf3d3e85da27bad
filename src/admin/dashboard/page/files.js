/* SPDX-License-Identifier: Apache-2.0 */
/* Who holds a file: its opens, locks and delegations. */
import {get} from "./api.js";
import {byId, textSet} from "./dom.js";
import * as format from "./format.js";
import {delegationColumns, lockColumns, openColumns} from "./held.js";
import {Table} from "./table.js";

const MOST = 200; /* rows of a table */

function told(length, one, more) {
    return length === 0 ? `no ${more}` : `${length}${length === MOST ? " or more" : ""} ${length === 1 ? one : more}`;
}

export class Files {
    constructor() {
        const again = () => this.search(), key = (item) => item.id;

        this.path = null;
        this.opens = new Table(byId("file-opens"), openColumns(again), key, "Nobody has it open");
        this.locks = new Table(byId("file-locks"), lockColumns(again),
                               (lock) => `${lock.id} ${lock.offset} ${lock.length}`, "Nobody has locked it");
        this.delegations = new Table(byId("file-delegations"), delegationColumns(again, false), key,
                                     "Nobody has a delegation of it");
        byId("file-form").addEventListener("submit", (event) => {
            event.preventDefault();
            this.path = byId("file-path").value;
            this.search();
        });
    }

    async search() {
        const path = this.path, query = `?limit=${MOST}&path=${encodeURIComponent(path)}`;
        let lists;

        try {
            lists = await Promise.all(["opens", "locks", "delegations"].map((noun) => get(`/${noun}${query}`)));
        } catch (error) {
            if (path === this.path)
                this.fail(path, error);
            return;
        }
        if (path === this.path)
            this.show(path, lists.map((list) => list.items));
    }

    fail(path, error) {
        byId("file-tables").hidden = true;
        textSet(byId("file-result"),
                error.status === 404 ? `There is no file ${format.shown(path)}.` : format.shown(error.message));
    }

    show(path, [opens, locks, delegations]) {
        this.opens.show(opens);
        this.locks.show(locks);
        this.delegations.show(delegations);
        byId("file-tables").hidden = false;
        textSet(byId("file-result"),
                `${format.shown(path)}: ${told(opens.length, "open", "opens")}, ` +
                `${told(locks.length, "lock", "locks")}, ${told(delegations.length, "delegation", "delegations")}.`);
    }
}
