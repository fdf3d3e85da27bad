/* SPDX-License-Identifier: Apache-2.0 */
/* The names of file attributes as the RFCs spell them (RFC 8881 §5.8, §5.9, RFC 7862 §12.2). */
#pragma once

#include <stdint.h>

/* One past the highest attribute that a bitmap4 of ours can hold. */
#define ATTRIBUTES 96u

/* "supported_attrs" of 0, or NULL. */
const char *attribute_name(uint32_t attribute);
