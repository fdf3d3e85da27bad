/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's own Kerberos keys: those of its nfs/ principals in a keytab.  The file is looked at
 * again when it has changed, appeared or become readable; nobody has to tell.  Nothing is written,
 * also no replay cache: a replayed INIT makes a context that its sender cannot use.
 *
 * Thread safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"

struct gss_credential;

/* Of this keytab ("/etc/krb5.keytab", or "FILE:..."); NULL or "": that of KRB5_KTNAME, or of
 * krb5.conf, or /etc/krb5.keytab.  Reads nothing yet. */
struct gss_credential *gss_credential_create(const char *keytab);
void gss_credential_destroy(struct gss_credential *credential);

/* The name of the keytab, as a path. */
const char *gss_credential_keytab(const struct gss_credential *credential);

/* Are there keys now?  If not, `why` says the reason in words: "the server's keytab X: it does not
 * exist", "... it has no key of an nfs/ principal".  Tells the log when that changes (gss.keytab),
 * at level warn if somebody has named the keytab.  May block on the file. */
bool gss_credential_is_usable(struct gss_credential *credential, char *why, size_t why_bytes);

/* The realm of the first nfs/ principal in the keytab, as that was when it was looked at last: by
 * gss_credential_is_usable(), or for a client.  False: there is none, or it is longer than
 * `realm_bytes`. */
bool gss_credential_realm(struct gss_credential *credential, char *realm,
                          size_t realm_bytes) MUST_USE;
