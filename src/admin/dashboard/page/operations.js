/* SPDX-License-Identifier: Apache-2.0 */
/* A row for each operation that there has been. */
import {Spark} from "./chart.js";
import {byId} from "./dom.js";
import * as format from "./format.js";
import {operationKey} from "./history.js";
import {Table} from "./table.js";

function spark(title, name) {
    const sparks = new WeakMap();

    return {
        title,
        make() {
            const made = new Spark();

            sparks.set(made.node, made);
            return made.node;
        },
        change(node, one) {
            sparks.get(node).show(one.history.line(`${name} ${one.key}`).points, one.time);
        },
    };
}

const COLUMNS = [
    {title: "Operation", text: (one) => one.name},
    {title: "4.x", kind: "number", text: (one) => String(one.minor)},
    {title: "A second", kind: "number", text: (one) => format.rate(one.rate)},
    spark("Rate", "rate"),
    {title: "p50", kind: "number", text: (one) => format.latency(one.p50)},
    {title: "p99", kind: "number", text: (one) => format.latency(one.p99)},
    spark("p99", "p99"),
    {title: "Errors a second", kind: "number", text: (one) => format.rate(one.errors)},
    {title: "In all", kind: "number", text: (one) => format.count(one.count)},
];

export class Operations {
    constructor() {
        this.table = new Table(byId("operations-table"), COLUMNS, (one) => one.key, "No operations yet");
    }

    /* Those in order of their names, so that rows stay where they are. */
    show(history, time) {
        const operations = (history.latest?.operations ?? []).map((one) =>
            ({...one, key: operationKey(one), history, time}));

        operations.sort((a, b) => (a.name === b.name ? a.minor - b.minor : a.name < b.name ? -1 : 1));
        this.table.show(operations);
    }
}
