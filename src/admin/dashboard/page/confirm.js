/* SPDX-License-Identifier: Apache-2.0 */
/* The question before something is taken away from a client. */
import {byId, textSet} from "./dom.js";

let deed = null;

function complain(text) {
    byId("confirm-error").hidden = text === "";
    textSet(byId("confirm-error"), text);
}

async function agree() {
    const yes = byId("confirm-yes"), mine = deed;

    yes.disabled = true;
    try {
        await mine.act();
        if (deed === mine)
            byId("confirm-dialog").close();
    } catch (error) {
        if (deed === mine)
            complain(error.status === 404 ? "It is gone already." : error.message);
    }
    yes.disabled = false;
}

/* `verb` is on the button; `act()` does it, and throws what is shown. */
export function confirmFirst(title, text, verb, act) {
    deed = {act};
    textSet(byId("confirm-title"), title);
    textSet(byId("confirm-text"), text);
    textSet(byId("confirm-yes"), verb);
    complain("");
    byId("confirm-dialog").showModal();
    byId("confirm-no").focus();
}

export function confirmStart() {
    byId("confirm-yes").addEventListener("click", agree);
    byId("confirm-no").addEventListener("click", () => byId("confirm-dialog").close());
    byId("confirm-dialog").addEventListener("close", () => {
        deed = null;
    });
}
