/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests to the admin endpoint of a server: over its Unix socket, or over HTTP or HTTPS with a
 * token.  Functions tell what is wrong on stderr before they return false.
 */
#pragma once

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"

struct admin_client;

enum {
    ADMIN_ETAG_BYTES = 48
};

/* Whom to talk to, and what for.  The texts stay the caller's, and outlive the client. */
struct admin_access {
    const char *endpoint;   /* unix:PATH, HOST:PORT or https://HOST:PORT; NULL: the usual socket */
    const char *token_file; /* NULL: none */
    /* Of https://, PEM files. */
    const char *ca;   /* NULL: those that the system trusts */
    const char *cert; /* NULL: none is shown */
    const char *key;  /* NULL: it is in that of the certificate */
};

/* Sends nothing yet.  NULL: the endpoint is wrong, or the file of the token cannot be read. */
struct admin_client *admin_client_create(const struct admin_access *access) MUST_USE;
void admin_client_destroy(struct admin_client *client);

struct admin_request {
    const char *method;
    const char *path;        /* below /api/v1, encoded, with its query */
    bool at_root;            /* no, it is not below /api/v1 */
    const json_t *body;      /* NULL: none */
    const char *if_match;    /* an entity tag without quotes; NULL: none */
    bool quiet;              /* say nothing about a failure */
    long timeout_s;          /* 0: the usual time */
    const atomic_bool *stop; /* another thread sets it to end the request; NULL: none does */
};

struct admin_reply {
    long status;
    json_t *json;                /* NULL: the reply has no body; json_decref() it */
    char etag[ADMIN_ETAG_BYTES]; /* without quotes; "": none */
};

/* False: there was no reply, which leaves status 0, or it says that the request failed. */
bool admin_client_call(struct admin_client *client, const struct admin_request *request,
                       struct admin_reply *reply) MUST_USE;

/* GET a reply that has no end, and hand over each line of it without its line end.  Ends when the
 * server ends it, or `line` returns false. */
bool admin_client_stream(struct admin_client *client, const char *path,
                         bool (*line)(void *context, const char *text), void *context) MUST_USE;

/* `text` as a component of a path or a value of a query; free() it. */
char *admin_client_encode(struct admin_client *client, const char *text);

/* What was made of `endpoint`, for people. */
const char *admin_client_name(const struct admin_client *client);
