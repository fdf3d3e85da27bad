/* SPDX-License-Identifier: Apache-2.0 */
/* A table whose rows come again and again: each keeps its elements, and so the focus in them. */
import {element, textSet} from "./dom.js";

/*
 * Columns are {title, kind, text(item)} or {title, kind, make(item), change(node, item)}.  `kind` is
 * a class: "number" or "name".  The first column heads its row.
 */
export class Table {
    constructor(table, columns, keyOf, none) {
        this.columns = columns;
        this.keyOf = keyOf;
        this.rows = new Map();
        this.body = element("tbody");
        this.none = element("tr", {}, element("td", {className: "none", colSpan: columns.length}, none));
        table.append(element("thead", {}, element("tr", {}, ...columns.map((column) => this.head(column)))),
                     this.body);
        this.show([]);
    }

    head(column) {
        const cell = element("th", {scope: "col", className: column.kind ?? ""}, column.title);

        if (column.write)
            cell.classList.add("write");
        return cell;
    }

    rowMake() {
        const cells = this.columns.map((column, n) => {
            const cell = element(n === 0 ? "th" : "td", {className: column.kind ?? ""});

            if (n === 0)
                cell.scope = "row";
            if (column.write)
                cell.classList.add("write");
            return cell;
        });

        return {cells, node: element("tr", {}, ...cells), item: null};
    }

    /* What is made asks for row.item when it is used: the row may have another one by then. */
    rowFill(row, item) {
        const fresh = row.item === null;

        row.item = item;
        this.columns.forEach((column, n) => {
            if (column.text)
                textSet(row.cells[n], column.text(item));
            else if (fresh)
                row.cells[n].append(column.make(item, row));
            column.change?.(row.cells[n].firstChild, item);
        });
    }

    show(items) {
        const rows = new Map();
        let at = null;

        for (const item of items) {
            const key = this.keyOf(item), row = this.rows.get(key) ?? rows.get(key) ?? this.rowMake();

            this.rowFill(row, item);
            rows.set(key, row);
        }
        for (const [key, row] of this.rows) {
            if (!rows.has(key))
                row.node.remove();
        }
        for (const row of rows.values()) {
            const next = at ? at.nextSibling : this.body.firstChild;

            if (next !== row.node)
                this.body.insertBefore(row.node, next);
            at = row.node;
        }
        this.rows = rows;
        if (rows.size > 0)
            this.none.remove();
        else
            this.body.append(this.none);
    }
}
