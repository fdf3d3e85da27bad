/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flavors and security of connections as exports(5) has them: sec=, xprtsec= and the clients
 * gss/krb5, gss/krb5i, gss/krb5p.  Lists are kept as Mainstay's options say them: "krb5p:sys".
 */
#pragma once

#include <stdbool.h>

enum {
    EXPORTS_SECURITY_BYTES = 32
};

/* The value of sec= into `list`.  NULL, or what would be right. */
const char *exports_security_sec(const char *value, char list[EXPORTS_SECURITY_BYTES]);

/* The value of xprtsec=. */
const char *exports_security_xprtsec(const char *value, char list[EXPORTS_SECURITY_BYTES]);

/* Is the client one that stands for a flavor, "gss/krb5i"?  Its name, or NULL. */
const char *exports_security_client(const char *word);

/* Append the flavors of `more` that are not in `list`. */
void exports_security_add(char list[EXPORTS_SECURITY_BYTES], const char *more);
