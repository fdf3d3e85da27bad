/* SPDX-License-Identifier: Apache-2.0 */
/* Light or dark: as the system has it, or as was chosen here. */
import {byId} from "./dom.js";

const KEY = "mainstay-colours";

function apply(theme) {
    if (theme)
        document.documentElement.dataset.theme = theme;
    else
        delete document.documentElement.dataset.theme;
}

export function themeStart() {
    const choice = byId("theme");

    choice.value = localStorage.getItem(KEY) ?? "";
    if (choice.selectedIndex < 0)
        choice.value = "";
    apply(choice.value);
    choice.addEventListener("change", () => {
        localStorage.setItem(KEY, choice.value);
        apply(choice.value);
    });
}
