/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes bytes from the network safe for a terminal and for JSON: valid UTF-8 without control
 * characters, and without those that change the direction of writing.
 */
#pragma once

#include "wire/xdr.h"

/* A name: bytes that cannot be shown become \xNN, as do backslashes.  free() it. */
char *printable_name(const struct wire_opaque *bytes);

/* An opaque: like a name if most of it can be shown, otherwise 0x and hexadecimal digits.  free()
 * it. */
char *printable_opaque(const struct wire_opaque *bytes);

/* A text whose backslashes stay as they are, such as what the admin endpoint says.  free() it. */
char *printable_text(const char *text);

/* Leave out the middle of a printable text that takes more than so many columns, at least 5: "..."
 * stands there instead. */
void printable_shorten(char *text, size_t most);

/* How many columns of a terminal a printable text takes: 2 for each wide character, none for a
 * combining one. */
size_t printable_columns(const char *text);
