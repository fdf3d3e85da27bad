/* SPDX-License-Identifier: Apache-2.0 */
/* IDs of clients: 16 lower-case hexadecimal digits, as in the log. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"

json_t *api_clientid(uint64_t clientid);

/* False: the text is no such ID. */
bool api_clientid_parse(const char *text, uint64_t *clientid) MUST_USE;
