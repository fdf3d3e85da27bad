/* SPDX-License-Identifier: Apache-2.0 */
/* Where the admin endpoint is, as options say: --admin, --admin-token, --admin-open. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/check.h"
#include "base/limits.h"

struct admin_address {
    char *path; /* of a Unix socket; NULL: `addr` */
    struct sockaddr_storage addr;
    socklen_t len;
    bool usual; /* not named by an option: admin.sock in the state directory */
};

struct admin_options {
    uint32_t count;
    struct admin_address at[LIMIT_ADMIN_LISTENERS];
    char *token_file; /* NULL: there is none */
    bool none, open;
};

/* One --admin: unix:PATH, ADDR:PORT or none.  False after telling why on stderr. */
bool admin_option_add(struct admin_options *options, const char *text) MUST_USE;

/* All of them together.  False after telling why on stderr. */
bool admin_options_check(const struct admin_options *options) MUST_USE;

/* Without a socket, and unless there is to be none, it is STATE/admin.sock. */
void admin_options_fill(struct admin_options *options, const char *state_dir);

void admin_options_fini(struct admin_options *options);
