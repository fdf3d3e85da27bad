/* SPDX-License-Identifier: Apache-2.0 */
/* A client as JSON. */
#pragma once

#include <jansson.h>

struct callback;
struct client_info;
struct state;

/* As an item of a list. */
json_t *api_client(const struct state *state, const struct callback *callback,
                   const struct client_info *client);

/* Bytes of its texts. */
size_t api_client_texts(const struct client_info *client);
