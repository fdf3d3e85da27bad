/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the first token of a client says (RFC 4120 §5.5.1), for explanations only: nothing of it is
 * verified.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/limits.h"
#include "gss/gss_der.h"

struct gss_ap_req {
    char service[LIMIT_GSS_NAME_BYTES]; /* whom the ticket is for: "nfs/server@REALM" */
    uint32_t kvno;                      /* of the key that encrypts it; 0: not said */
    int32_t enctype_number;
    char enctype[64];
    struct gss_der ticket, authenticator; /* in the token */
};

/* Does it look like an AP-REQ of Kerberos?  Costs nothing. */
bool gss_ap_req_is_one(const void *token, size_t token_bytes);

/* False: it is no AP-REQ of Kerberos. */
bool gss_ap_req_decode(struct gss_ap_req *request, const void *token, size_t token_bytes) MUST_USE;

/* By how much the client's clock was ahead of ours when it made the token, in seconds.  Needs the
 * key of the service in this keytab.  False: it cannot be decrypted. */
bool gss_ap_req_clock(const struct gss_ap_req *request, const char *keytab,
                      int64_t *ahead_s) MUST_USE;
