/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that came over the network as text fit for a terminal and for JSON: valid UTF-8 without
 * control characters.
 */
#pragma once

#include "wire/xdr.h"

/* A name: what cannot be shown becomes \xNN, so does a backslash.  free() it. */
char *printable_name(const struct wire_opaque *bytes);

/* An opaque: as a name when most of it can be shown, otherwise 0x and hexadecimal digits.
 * free(). */
char *printable_opaque(const struct wire_opaque *bytes);
