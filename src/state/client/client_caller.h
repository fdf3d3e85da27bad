/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who registers a client, and how it is known: what client records compare, and text for people.
 */
#pragma once

#include <stdbool.h>

#include "base/check.h"
#include "base/limits.h"
#include "state/client/client_principal.h"

struct client_caller {
    struct client_principal principal;
    bool integrity;          /* RPCSEC_GSS with integrity or privacy */
    const char *flavor;      /* "none", "sys", "krb5", "krb5i", "krb5p"; a constant */
    const char *name;        /* of RPCSEC_GSS: "alice@REALM"; else NULL */
    const char *transport;   /* "tcp", "tls", "mtls"; a constant */
    const char *certificate; /* of "mtls": its subject, "CN=…"; else NULL */
    uint64_t machine;        /* the same for all certificates of a machine (tls_peer.h); 0: none */
};

/* Initializes a caller with AUTH_SYS over plain TCP. */
#define CLIENT_CALLER_SYS(uid)                                                                     \
    {                                                                                              \
        .principal = CLIENT_PRINCIPAL_SYS(uid), .flavor = "sys", .transport = "tcp"                \
    }

/* Copy it, with texts of its own; that of a certificate may be cut.  False without memory;
 * client_caller_free() may follow all the same. */
bool client_caller_copy(struct client_caller *to, const struct client_caller *from) MUST_USE;
void client_caller_free(struct client_caller *caller);

/* May `caller`, of the same principal, be the machine that registered `before`?  Not if that showed
 * a certificate, and this shows none, or that of another machine.  A principal of RPCSEC_GSS has
 * proved who it is. */
static inline bool client_caller_may_be(const struct client_caller *caller,
                                        const struct client_caller *before)
{
    return before->machine == 0 || before->machine == caller->machine ||
           client_principal_is_gss(before->principal);
}

/* A number for the principal that is the same after a restart: the uid, or a 63-bit hash of the
 * name. */
uint64_t client_caller_lasting(const struct client_caller *caller);

enum {
    CLIENT_CALLER_TEXT_BYTES =
        LIMIT_CLIENT_PRINCIPAL_BYTES + LIMIT_CLIENT_CERTIFICATE_BYTES + sizeof("krb5p , mtls ")
};

/* How a client is known: "sys", "krb5p alice@REALM", "sys, mtls CN=web1",
 * "krb5 alice@REALM, mtls CN=web1".  Returns `text`, which may be cut. */
const char *client_caller_format(const struct client_caller *caller,
                                 char text[CLIENT_CALLER_TEXT_BYTES]);
