/* SPDX-License-Identifier: Apache-2.0 */
/* IDs of the REST interface: bytes as lower-case hexadecimal digits. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

/* `text` has room for 2 * len digits and a NUL. */
void api_id_print(const uint8_t *bytes, size_t len, char *text);

/* False: the text is not the ID of so many bytes. */
bool api_id_parse(const char *text, uint8_t *bytes, size_t len) MUST_USE;
