/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 according to RFC 3629, as required for component names (RFC 8881 §14). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No overlong forms, no surrogates, nothing above U+10FFFF. */
bool utf8_valid(const uint8_t *text, size_t len);
