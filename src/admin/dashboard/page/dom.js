/* SPDX-License-Identifier: Apache-2.0 */
/* Elements of the page.  Texts become text nodes, never HTML. */

export function byId(id) {
    return document.getElementById(id);
}

/* element("td", {className: "number"}, "text", child, ...) */
export function element(name, properties = {}, ...children) {
    const made = Object.assign(document.createElement(name), properties);

    made.append(...children);
    return made;
}

/* Writing what is there already would disturb a selection. */
export function textSet(node, text) {
    if (node.textContent !== text)
        node.textContent = text;
}

/* A button for what needs a full token; others do not see it. */
export function writeButton(text, label, press) {
    const button = element("button", {type: "button", className: "write danger"}, text);

    button.setAttribute("aria-label", label);
    button.addEventListener("click", press);
    return button;
}
