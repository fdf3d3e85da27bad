/* SPDX-License-Identifier: Apache-2.0 */
/* The keys themselves, for src/gss alone. */
#pragma once

#include <gssapi/gssapi.h>
#include <stdatomic.h>

#include "gss/gss_credential.h"

/* The library's credential for one state of the keytab. */
struct gss_held_credential {
    _Atomic uint32_t refs; /* of struct gss_credential, and of those that accept with it */
    gss_cred_id_t id;
};

/* The credential as the keytab is now, with a reference.  NULL: there is none, and `why` says the
 * reason.  May block. */
struct gss_held_credential *gss_credential_hold(struct gss_credential *credential, char *why,
                                                size_t why_bytes) MUST_USE;
void gss_credential_let_go(struct gss_held_credential *held);
