/* SPDX-License-Identifier: Apache-2.0 */
/* Lines over the last minutes, as SVG. */
import {element, textSet} from "./dom.js";
import {duration} from "./format.js";

export const SPAN_S = 300; /* the most that is kept and shown, ... */

const SPAN_FIRST_S = 30; /* ... and the least */

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 300;
const HEIGHT = 100;
const CLASSES = ["first", "second"];

function make(name, attributes) {
    const made = document.createElementNS(SVG, name);

    for (const [key, value] of Object.entries(attributes))
        made.setAttribute(key, value);
    return made;
}

/* Points are [time in s, value]; a value of null is a gap, and one above `scale` is drawn as that. */
function pathOf(points, now, span, scale) {
    let path = "", command = "M";

    for (const [time, value] of points) {
        if (value === null) {
            command = "M";
            continue;
        }
        const x = WIDTH * (1 - (now - time) / span), y = HEIGHT * (1 - 0.95 * Math.min(value / scale, 1));

        path += `${command}${x.toFixed(1)} ${y.toFixed(1)}`;
        command = "L";
    }
    return path;
}

/* How far back it goes: as far as there is something. */
function spanOf(lines, now) {
    const oldest = Math.min(now, ...lines.filter((points) => points.length > 0).map((points) => points[0][0]));

    return Math.min(SPAN_S, Math.max(SPAN_FIRST_S, now - oldest));
}

function mostOf(lines) {
    let most = 0;

    for (const points of lines) {
        for (const [, value] of points)
            most = Math.max(most, value ?? 0);
    }
    return most;
}

/* The value at the top: the greatest that is finite. */
function scaleOf(lines) {
    return mostOf(lines.map((points) => points.filter(([, value]) => value !== Infinity))) || 1;
}

function svgMake(className, lines) {
    const svg = make("svg", {class: className, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none"});
    const paths = CLASSES.slice(0, lines).map((name) => make("path", {class: name}));

    svg.append(...paths);
    return {svg, paths};
}

/* A chart in a row of a table, which says the same in figures. */
export class Spark {
    constructor() {
        ({svg: this.node, paths: this.paths} = svgMake("spark", 1));
        this.node.setAttribute("aria-hidden", "true");
    }

    show(points, now) {
        this.paths[0].setAttribute("d", pathOf(points, now, spanOf([points], now), scaleOf([points])));
    }
}

export class Chart {
    /* `names` of its lines; `format` makes a text of a value. */
    constructor(place, names, format) {
        const {svg, paths} = svgMake("chart", names.length);

        this.names = names;
        this.format = format;
        this.svg = svg;
        this.paths = paths;
        this.since = element("span");
        this.most = element("span");
        svg.setAttribute("role", "img");
        svg.append(make("line", {class: "axis", x1: 0, x2: WIDTH, y1: HEIGHT, y2: HEIGHT}));
        place.append(svg, element("div", {className: "legend"}, this.since, this.most, element("span", {}, "now")));
        if (names.length > 1)
            place.append(element("div", {className: "legend"}, `solid: ${names[0]}, dashed: ${names[1]}`));
    }

    show(lines, now) {
        const top = this.format(mostOf(lines)), scale = scaleOf(lines), span = spanOf(lines, now);

        lines.forEach((points, n) => this.paths[n].setAttribute("d", pathOf(points, now, span, scale)));
        textSet(this.since, `${duration(span)} ago`);
        textSet(this.most, `top: ${top}`);
        this.svg.setAttribute("aria-label",
                              `${this.names.join(" and ")} of the last ${duration(span)}, at most ${top}`);
    }
}
