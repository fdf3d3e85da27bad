/* SPDX-License-Identifier: Apache-2.0 */
/* What is being recalled from a client. */
#pragma once

#include <jansson.h>
#include <stdint.h>

struct server;

enum {
    API_RECALLS = 256 /* at the most */
};

/* An array of {delegation, path, age_s}.  May block. */
json_t *api_recalls(const struct server *server, uint64_t clientid);
