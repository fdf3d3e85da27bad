/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors of the Kerberos library in an administrator's words: which key is missing, by how much
 * clocks differ.  Never what is secret.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "gss/gss_refusal.h"
#include "wire/xdr.h"

enum {
    GSS_REASON_BYTES = 512
};

/* Which kind of error it is, after a client's first token; costs nothing. */
enum gss_refusal gss_reason_kind(uint32_t major, uint32_t minor, const struct wire_opaque *token);

/* `words`, of GSS_REASON_BYTES, for an error of that kind, which a client's first token caused.
 * May block: reads the keytab. */
void gss_reason_explain(enum gss_refusal kind, uint32_t major, uint32_t minor,
                        const struct wire_opaque *token, const char *keytab, char *words);
