/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the KDC says of a service whose keys are in a keytab: it is asked as any of the keytab's
 * principals, or with the tickets of the calling user.  For checks by administrators: waits for the
 * KDC, and changes nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "gss/gss_keytab.h"

struct gss_kdc_answer {
    bool reached;      /* some KDC of the realm has answered */
    bool key_is_wrong; /* it does not know the keytab's key of the service */
    bool knows;        /* it gave a ticket for the service: the next three */
    uint32_t kvno;     /* of the key that the ticket is encrypted with */
    int32_t enctype_number;
    char enctype[64];
    bool has_clock;  /* its clock was seen */
    int64_t ahead_s; /* by how much it is ahead of ours */
    char error[256]; /* the last one, in the library's words, or "" */
};

/* `service` is one of the keytab's principals. */
void gss_kdc_ask(struct gss_kdc_answer *answer, const struct gss_keytab *keytab,
                 const char *service);
