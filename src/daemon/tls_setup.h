/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS as the configuration says: its files are read at the start and by each reload, and go to the
 * transport.  Their paths change only with a restart.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"

struct config;
struct tls_context;
struct transport;

/* Do the keys fit each other?  If not, tells so on stderr. */
bool tls_setup_fits(const struct config *config) MUST_USE;

/* Read the files.  NULL without any (*good is true), or if they are no good: `error` then says why,
 * and it is logged.  May wait for a disk. */
struct tls_context *tls_setup_read(const struct config *config, bool *good, char *error,
                                   size_t size) MUST_USE;

/* Are the files good?  Else tells so on stderr. */
bool tls_setup_check(const struct config *config) MUST_USE;

/* Have the kernel load its TLS if it shall encrypt: while the process has all its privileges. */
void tls_setup_prepare(const struct config *config);

/* At the start: read them for the transport.  False after telling on stderr what is wrong. */
bool tls_setup_start(const struct config *config, struct transport *transport) MUST_USE;

/* Put what was read again into effect; NULL is allowed.  Takes over the reference.  May take long:
 * each open connection is verified again.  False: what a later reload has read is in effect. */
bool tls_setup_apply(struct tls_context *context, const struct config *config,
                     struct transport *transport) MUST_USE;

/* Both, after SIGHUP: files that are no good leave all as it is, as the log says then. */
void tls_setup_reload(const struct config *config, struct transport *transport);
