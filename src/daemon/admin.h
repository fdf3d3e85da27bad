/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The admin endpoint of the process: its routes, and where it is opened.  For the main thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "admin/endpoint.h"
#include "base/check.h"
#include "daemon/admin_options.h"

struct http_route;
struct http_server;
struct http_tls;
struct http_tokens;

struct admin {
    const struct admin_options *options;
    struct endpoint endpoint;
    struct http_route *routes;
    struct http_server *http; /* NULL: there is none */
};

/* Open it.  `endpoint` is copied; what it points to is set up, and stays until admin_close().
 * `tls`: TCP addresses speak HTTPS by it; NULL: they do not.  False after telling why on stderr. */
bool admin_open(struct admin *admin, const struct admin_options *options,
                const struct endpoint *endpoint, struct http_tls *tls) MUST_USE;

/* From now on /readyz says this. */
void admin_set_phase(struct admin *admin, enum endpoint_phase phase);

/* Read the tokens again.  False: they are not good, as `error` and the log say.  Any thread. */
bool admin_tokens_read(const struct admin *admin, struct http_tokens *tokens, char *error,
                       size_t size) MUST_USE;

/* From now on these, which were read so, are valid, and no others.  `text` says what has changed;
 * "": nothing.  Any thread. */
void admin_tokens_set(struct admin *admin, const struct http_tokens *tokens, char *text,
                      size_t size);

/* Let `text` say what that would change. */
void admin_tokens_foresee(const struct admin *admin, const struct http_tokens *tokens, char *text,
                          size_t size);

/* From now on these are its certificates, if it speaks HTTPS and has none that were read later. */
void admin_tls_set(struct admin *admin, struct http_tls *tls);

/* False: a request has not ended, and uses the server: the process should exit. */
bool admin_stop(struct admin *admin) MUST_USE;

/* After admin_stop(), or if admin_open() failed. */
void admin_close(struct admin *admin);

/* What admin_open() would refuse of the tokens, and of the addresses, without changing anything.
 * False after telling why on stderr. */
bool admin_tokens_check(const struct admin_options *options) MUST_USE;
bool admin_preflight(const struct admin_options *options) MUST_USE;
