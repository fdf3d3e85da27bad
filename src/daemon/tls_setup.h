/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS as the configuration says: its files are read at the start and by each reload, and go to the
 * transport, and to the admin endpoint if that speaks HTTPS.  Their paths change only with a
 * restart.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"

struct admin;
struct config;
struct http_tls;
struct tls_context;
struct transport;

/* What the files make; a reference each. */
struct tls_loaded {
    struct tls_context *context; /* NULL: there are no files */
    struct http_tls *admin;      /* NULL: the admin endpoint speaks no TLS */
};

/* Do the keys fit each other?  If not, tells so on stderr. */
bool tls_setup_fits(const struct config *config) MUST_USE;

/* Read the files.  False if they are no good: `error` then says why, and it is logged.  May wait
 * for a disk. */
bool tls_setup_read(const struct config *config, struct tls_loaded *loaded, char *error,
                    size_t size) MUST_USE;

/* Are the files good?  Else tells so on stderr. */
bool tls_setup_check(const struct config *config) MUST_USE;

/* Have the kernel load its TLS if it shall encrypt: while the process has all its privileges. */
void tls_setup_prepare(const struct config *config);

/* At the start: read them for the transport, and let `admin` have what the endpoint needs: a
 * reference, or NULL.  False after telling on stderr what is wrong. */
bool tls_setup_start(const struct config *config, struct transport *transport,
                     struct http_tls **admin) MUST_USE;

/* Put what was read again into effect, if there is anything, and forget it.  May take long: each
 * open connection is verified again.  False: what a later reload has read is in effect. */
bool tls_setup_apply(struct tls_loaded *loaded, const struct config *config,
                     struct transport *transport, struct admin *admin) MUST_USE;

/* Forget it. */
void tls_setup_drop(struct tls_loaded *loaded);

/* Read and apply, after SIGHUP: files that are no good leave all as it is, as the log says then. */
void tls_setup_reload(const struct config *config, struct transport *transport,
                      struct admin *admin);
