/* SPDX-License-Identifier: Apache-2.0 */
/* Where the admin endpoint is, and the token for it. */
#pragma once

#include <stdbool.h>

#include "base/check.h"
#include "base/limits.h"

struct admin_endpoint {
    char *socket;  /* the path of a Unix socket; NULL: TCP */
    char *address; /* HOST:PORT; NULL: a socket */
    bool secure;   /* HTTPS; of an address only */
    bool is_usual; /* nobody named it */
};

/* Parse unix:PATH, HOST:PORT or https://HOST:PORT; NULL: the socket where a mainstayd of this user
 * has it.  False after telling why on stderr; then there is nothing to free. */
bool admin_endpoint_parse(struct admin_endpoint *endpoint, const char *text) MUST_USE;
void admin_endpoint_fini(struct admin_endpoint *endpoint);

/* Read a token from a file that nobody else can read: the one of mainstayd's --admin-token, of
 * which it takes the first `full` one, else the first `read` one; or a file with only a token.
 * False after telling why on stderr, which repeats no token. */
bool admin_token_read(const char *path, char token[LIMIT_ADMIN_TOKEN_BYTES + 1]) MUST_USE;
