/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes of clients and files as text: names of owners, paths.  UTF-8 is shown as it is; all other
 * bytes, control characters and the backslash are shown as \xNN, so that different bytes are
 * different texts, and a terminal shows them safely.
 */
#pragma once

#include <jansson.h>
#include <stddef.h>

/* NULL: there is no memory. */
json_t *api_text(const void *bytes, size_t len);
