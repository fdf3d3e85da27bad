/* SPDX-License-Identifier: Apache-2.0 */
/* What the server said at one moment. */
#pragma once

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "cli/admin_client.h"
#include "cli/top_place.h"

struct top_sample {
    struct top_place place;
    bool is_good;  /* the server has answered; else nothing below is valid but the status */
    long status;   /* of the answer that failed; 0: there was none */
    double read_s; /* when the lists were read; a clock of this machine */
    json_t *activity, *server;
    json_t *items;  /* of the view: an array; NULL: it needs none */
    json_t *more;   /* sessions, of TOP_CLIENTS */
    json_t *detail; /* of TOP_CLIENT and TOP_SESSION; NULL: there is none any more */
    bool is_cut;    /* the lists are longer than what was read */
};

/* Ask for what a place needs.  `stop`, set by another thread, ends a request that waits.  Prints
 * nothing.  Never NULL; top_sample_free() it. */
struct top_sample *top_sample_read(struct admin_client *client, const struct top_place *place,
                                   const atomic_bool *stop);
void top_sample_free(struct top_sample *sample); /* NULL is allowed */

/* Is `last` of the same run of the server as `before`?  Then its counters have grown from there. */
bool top_sample_goes_on(const struct top_sample *before, const struct top_sample *last);

/* A number at a path with dots; 0: there is none. */
double top_number(const json_t *object, const char *path);
