/* SPDX-License-Identifier: Apache-2.0 */
/* Where the admin endpoint is, as the configuration says: --admin, --admin-token, --admin-open,
 * --admin-tls, or the keys of the file. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/check.h"
#include "base/limits.h"

struct admin_address {
    char *path; /* of a Unix socket; NULL: `addr` */
    struct sockaddr_storage addr;
    socklen_t len;
    bool usual; /* not named by anybody: admin.sock in the state directory */
};

/* Over TCP; the certificates are those of TLS for NFS. */
enum admin_tls {
    ADMIN_TLS_OFF,
    ADMIN_TLS_ON,
    ADMIN_TLS_MUTUAL, /* clients need a certificate, too */
};

struct admin_options {
    uint32_t count;
    struct admin_address at[LIMIT_ADMIN_LISTENERS];
    char *token_file; /* NULL: there is none */
    bool none, open;
    enum admin_tls tls;
    const char *name, *token_name; /* of the option or key that said so, for messages */
};

/* Is one of the addresses a Unix socket? */
bool config_admin_has_socket(const struct admin_options *options);

/* One address: unix:PATH, ADDR:PORT or none.  False and `error`, to stand behind the name of the
 * option or key. */
bool config_admin_add(struct admin_options *options, const char *text, char *error,
                      size_t size) MUST_USE;

/* The addresses as they were written, "" if none was; cut to the size.  Returns `text`. */
const char *config_admin_print(const struct admin_options *options, char *text, size_t size);

/* Let `to` have the addresses of `from` instead of its own. */
void config_admin_move(struct admin_options *to, struct admin_options *from);

/* Let `to` say the same, with texts of its own. */
void config_admin_copy(struct admin_options *to, const struct admin_options *from);

void config_admin_fini(struct admin_options *options);
