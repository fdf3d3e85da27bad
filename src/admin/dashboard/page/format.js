/* SPDX-License-Identifier: Apache-2.0 */
/* Values as people read them. */

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];
const NONE = "–";
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/* A text that a client has chosen, in which nothing hides: no controls, no change of direction. */
export function shown(text) {
    if (text === null || text === undefined)
        return NONE;
    return text.replace(INVISIBLE, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);
}

export function count(value) {
    return value === null || value === undefined ? NONE : value.toLocaleString("en");
}

/* Three digits that matter, at most. */
function short(value) {
    if (value >= 100)
        return Math.round(value).toLocaleString("en");
    return value.toFixed(value >= 10 || value === 0 ? 0 : 1);
}

export function rate(value) {
    return value === null ? NONE : short(value);
}

export function bytes(value) {
    let unit = 0;

    if (value === null || value === undefined)
        return NONE;
    while (value >= 1024 && unit < UNITS.length - 1) {
        value /= 1024;
        unit++;
    }
    return `${short(value)} ${UNITS[unit]}`;
}

/* A latency in seconds; Infinity: above all bounds of the server's histogram. */
export function latency(value) {
    if (value === null || value === undefined)
        return NONE;
    if (value === Infinity)
        return "> 10 s";
    if (value < 0.001)
        return `${short(value * 1e6)} µs`;
    return value < 1 ? `${short(value * 1e3)} ms` : `${short(value)} s`;
}

/* A time in seconds, for people. */
export function duration(value) {
    if (value === null || value === undefined)
        return NONE;
    if (value < 120)
        return `${Math.round(value)} s`;
    if (value < 7200)
        return `${Math.round(value / 60)} min`;
    return value < 172800 ? `${Math.round(value / 3600)} h` : `${Math.round(value / 86400)} d`;
}
