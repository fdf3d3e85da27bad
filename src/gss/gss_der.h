/* SPDX-License-Identifier: Apache-2.0 */
/* A reader of the little DER (X.690) that messages of Kerberos consist of: tags below 31. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

struct gss_der {
    const uint8_t *at, *end;
};

enum {
    GSS_DER_INTEGER = 0x02,
    GSS_DER_OCTETS = 0x04,
    GSS_DER_OID = 0x06,
    GSS_DER_TIME = 0x18,
    GSS_DER_SEQUENCE = 0x30,
    GSS_DER_APPLICATION = 0x60, /* plus a number */
    GSS_DER_FIELD = 0xa0        /* plus the number of a field */
};

/* Take the next element, which must have this tag; `inside` is its content.  False: there is none,
 * or it does not fit, and `der` is where it was. */
bool gss_der_enter(struct gss_der *der, unsigned tag, struct gss_der *inside) MUST_USE;

/* The same, behind any elements with other tags. */
bool gss_der_find(struct gss_der *der, unsigned tag, struct gss_der *inside) MUST_USE;

/* Take a non-negative INTEGER below 2^32. */
bool gss_der_u32(struct gss_der *der, uint32_t *value) MUST_USE;
