/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks at what Kerberos needs on a server, and tells in words what is wrong: for people who set it
 * up, and wonder why mounts fail.  Waits for name servers and the KDC.  Changes nothing.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"

enum gss_finding_result {
    GSS_FINDING_OK,
    GSS_FINDING_WARNING, /* some clients may fail, or it could not be found out */
    GSS_FINDING_FAILED   /* clients fail */
};

enum {
    GSS_FINDINGS = 16,
    GSS_FINDING_BYTES = 512
};

struct gss_finding {
    const char *check; /* "keytab", "principal", "names", "enctypes", "kdc", "version", "clock" */
    enum gss_finding_result result;
    char text[GSS_FINDING_BYTES];
};

struct gss_check {
    char keytab[LIMIT_PATH_BYTES];
    char host[256];                     /* that clients mount */
    char service[LIMIT_GSS_NAME_BYTES]; /* "nfs/HOST@REALM", or "" */
    uint32_t count;
    struct gss_finding findings[GSS_FINDINGS]; /* in the order of the checks */
};

/* `keytab` as for gss_keytab_read().  `host`: NULL, this machine.  `user` that the server runs as:
 * NULL, the calling one; another one needs root. */
void gss_check_run(struct gss_check *check, const char *keytab, const char *host, const char *user);

/* The worst of all findings. */
enum gss_finding_result gss_check_result(const struct gss_check *check);
