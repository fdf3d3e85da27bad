/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 as RFC 3629 has it: what component names must be (RFC 8881 §14). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No overlong forms, no surrogates, nothing above U+10FFFF. */
bool utf8_valid(const uint8_t *text, size_t len);
