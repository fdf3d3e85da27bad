/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes bytes from the network safe for a terminal and for JSON: valid UTF-8 without control
 * characters.
 */
#pragma once

#include "wire/xdr.h"

/* A name: bytes that cannot be shown become \xNN, as do backslashes.  free() it. */
char *printable_name(const struct wire_opaque *bytes);

/* An opaque: like a name if most of it can be shown, otherwise 0x and hexadecimal digits.  free()
 * it. */
char *printable_opaque(const struct wire_opaque *bytes);
