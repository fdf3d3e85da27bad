/* SPDX-License-Identifier: Apache-2.0 */
/* What whoever looks at the page may do, and the token that says so. */
import {get, tokenGet, tokenSet} from "./api.js";
import {byId, textSet} from "./dom.js";

export class Access {
    /* `ready()` is called whenever there are rights to read. */
    constructor(ready) {
        this.ready = ready;
        this.rights = "none";
        byId("token-form").addEventListener("submit", (event) => {
            event.preventDefault();
            tokenSet(byId("token").value.trim());
            byId("token").value = "";
            this.check().catch((error) => this.ask(error.message));
        });
        byId("token-dialog").addEventListener("cancel", (event) => event.preventDefault());
        byId("forget").addEventListener("click", () => {
            tokenSet(null);
            location.reload();
        });
    }

    /* Ask the server; without rights, ask for a token.  Throws what get() throws. */
    async check() {
        const had = tokenGet() !== null, access = await get("/access");

        this.rights = access.access;
        document.body.dataset.access = access.access;
        byId("forget").hidden = access.by !== "token";
        if (access.access !== "none") {
            if (byId("token-dialog").open)
                byId("token-dialog").close();
            this.ready();
            return;
        }
        tokenSet(null);
        this.ask(had ? "The server does not know this token." : null);
    }

    ask(why) {
        if (why)
            textSet(byId("token-why"), why);
        byId("token-warning").hidden = isSecureContext; /* by HTTPS, or within this machine */
        if (!byId("token-dialog").open)
            byId("token-dialog").showModal();
        byId("token").focus();
    }
}
