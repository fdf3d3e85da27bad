/* SPDX-License-Identifier: Apache-2.0 */
/* The names of file attributes as the RFCs spell them (RFC 8881 §5.8, §5.9, RFC 7862 §12.2). */
#pragma once

#include <stdint.h>

/* One more than the highest attribute number in a bitmap4. */
#define ATTRIBUTES 96u

/* attribute_name(0) is "supported_attrs".  NULL if unknown. */
const char *attribute_name(uint32_t attribute);
