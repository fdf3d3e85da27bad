/* SPDX-License-Identifier: Apache-2.0 */
/* A list of the REST interface, of which a page is shown and asked for, however long it is. */
import {get} from "./api.js";
import {element, textSet} from "./dom.js";

const ROWS = 25;

export class Paged {
    /* `place` gets the buttons.  `wake()` makes the poller ask at once. */
    constructor(path, table, place, wake) {
        this.path = path;
        this.table = table;
        this.wake = wake;
        this.filter = "";
        this.cursors = [""]; /* of the pages up to this one */
        this.next = null;
        this.end = null; /* a cursor after which there was nothing */
        this.place = element("span");
        this.before = this.button("Previous page", () => this.cursors.pop());
        this.after = this.button("Next page", () => this.cursors.push(this.next));
        place.append(this.before, this.after, this.place);
    }

    button(text, move) {
        const button = element("button", {type: "button", disabled: true}, text);

        button.addEventListener("click", () => {
            move();
            this.before.disabled = this.after.disabled = true;
            this.wake();
        });
        return button;
    }

    /* `filter` is a part of a query, "&name=value", or "". */
    restrict(filter) {
        this.filter = filter;
        this.cursors = [""];
        this.end = null;
        this.wake();
    }

    async refresh() {
        const filter = this.filter, cursor = this.cursors.at(-1);
        const page = await get(`${this.path}?limit=${ROWS}${filter}` +
                               (cursor ? `&after=${encodeURIComponent(cursor)}` : ""));

        if (filter !== this.filter || cursor !== this.cursors.at(-1))
            return; /* meanwhile another page is wanted */
        if (page.items.length === 0 && this.cursors.length > 1) {
            this.end = this.cursors.pop(); /* a full page may be the last one */
            this.wake();
            return;
        }
        this.next = page.next ?? null;
        this.table.show(page.items);
        this.before.disabled = this.cursors.length === 1;
        this.after.disabled = this.next === null || this.next === this.end;
        this.tell(page.items.length);
    }

    tell(length) {
        const first = (this.cursors.length - 1) * ROWS;

        textSet(this.place, length > 0 ? `${first + 1} to ${first + length}` : "");
    }
}
