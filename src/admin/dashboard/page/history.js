/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answers of GET /activity of the last minutes, and what they say about rates.  The server only
 * counts; a rate needs two answers.  A server that has started again counts from zero.
 */
import {SPAN_S} from "./chart.js";
import {countsAdd, countsLess, quantile} from "./quantile.js";

const WINDOW_S = 10; /* of rates and latencies in figures */

function sumOf(operations, of) {
    return operations.reduce((sum, operation) => sum + of(operation), 0);
}

function keyOf(operation) {
    return `${operation.minor} ${operation.name}`;
}

function restarted(before, after) {
    return before.started !== after.started || before.instance !== after.instance ||
        before.monotonic_s >= after.monotonic_s || before.requests.count > after.requests.count;
}

/* What happened between two answers; of an operation or, summed up, of all. */
function operationDifference(after, before, seconds) {
    const durations = countsLess(after.durations.counts, before?.durations.counts);

    return {
        minor: after.minor, name: after.name, count: after.count, bounds: after.durations.le_s, durations,
        rate: (after.count - (before?.count ?? 0)) / seconds,
        errors: (after.errors - (before?.errors ?? 0)) / seconds,
        p50: quantile(0.5, after.durations.le_s, durations),
        p99: quantile(0.99, after.durations.le_s, durations),
    };
}

function difference(after, before) {
    const seconds = after.monotonic_s - before.monotonic_s;
    const old = new Map(before.operations.map((operation) => [keyOf(operation), operation]));
    const operations = after.operations.map((one) => operationDifference(one, old.get(keyOf(one)), seconds));
    const bounds = operations[0]?.bounds ?? [];
    const all = operations.reduce((sum, one) => countsAdd(sum, one.durations), null) ?? [];

    return {
        operations,
        rate: sumOf(operations, (one) => one.rate),
        read: Math.max(0, after.bytes.read - before.bytes.read) / seconds,
        written: Math.max(0, after.bytes.written - before.bytes.written) / seconds,
        p50: quantile(0.5, bounds, all),
        p99: quantile(0.99, bounds, all),
    };
}

/* Points of charts, [time, value], of the last minutes. */
class Line {
    constructor() {
        this.points = [];
    }

    add(time, value) {
        this.points.push([time, value]);
        while (this.points[0][0] < time - SPAN_S)
            this.points.shift();
    }
}

export class History {
    constructor() {
        this.answers = []; /* of WINDOW_S, the oldest first */
        this.lines = new Map();
        this.latest = null; /* what the figures say */
    }

    line(name) {
        let line = this.lines.get(name);

        if (!line)
            this.lines.set(name, line = new Line());
        return line;
    }

    /* The server did not answer, or is another one: nothing connects what comes to what was. */
    gap(time) {
        this.answers = [];
        this.latest = null;
        for (const line of this.lines.values())
            line.add(time, null);
    }

    /* `time` is the browser's, in s. */
    add(answer, time) {
        const last = this.answers.at(-1);

        if (last && restarted(last, answer))
            this.gap(time);
        else if (last)
            this.step(difference(answer, last), time);
        this.answers.push(answer);
        while (this.answers.length > 2 && this.answers[1].monotonic_s < answer.monotonic_s - WINDOW_S)
            this.answers.shift();
        this.latest = this.answers.length > 1 ? difference(answer, this.answers[0]) : null;
    }

    step(now, time) {
        this.line("rate").add(time, now.rate);
        this.line("read").add(time, now.read);
        this.line("written").add(time, now.written);
        this.line("p50").add(time, now.p50);
        this.line("p99").add(time, now.p99);
        for (const operation of now.operations) {
            this.line(`rate ${keyOf(operation)}`).add(time, operation.rate);
            this.line(`p99 ${keyOf(operation)}`).add(time, operation.p99);
        }
    }
}

export {keyOf as operationKey};
