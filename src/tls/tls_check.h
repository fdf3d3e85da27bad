/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks at the files that a server with TLS needs, and tells in words what is wrong: for people who
 * set it up, and wonder why mounts fail.  Changes nothing.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "tls/tls_context.h"

enum tls_finding_result {
    TLS_FINDING_OK,
    TLS_FINDING_WARNING, /* it will fail soon, or for some clients */
    TLS_FINDING_FAILED,  /* clients fail */
};

enum {
    TLS_FINDINGS = 16,
    TLS_FINDING_BYTES = 512,
};

struct tls_finding {
    const char
        *check; /* "cert", "dates", "names", "usage", "chain", "key", "ca", "crl", "server" */
    enum tls_finding_result result;
    char text[TLS_FINDING_BYTES];
};

struct tls_check {
    uint32_t count;
    struct tls_finding findings[TLS_FINDINGS]; /* in the order of the checks */
};

/* `host`: a name or address that clients mount; NULL: any.  Only files.ca and files.crl may be
 * NULL. */
void tls_check_run(struct tls_check *check, const struct tls_files *files, const char *host);

/* The worst of all findings. */
enum tls_finding_result tls_check_result(const struct tls_check *check);
