/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The threads that wait for the database of users, and the queue before them.  They are started at
 * once, as the user that the server is then: a thread of a request may have its caller's identity.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/list.h"

struct identity_resolver;

/* Part of whatever is asked for; it stays until run() has returned. */
struct identity_job {
    struct list link;
    bool urgent; /* before those that are not; some threads are for such jobs alone */
    void (*run)(struct identity_job *job, void *context);
};

/* NULL: no thread can be started. */
struct identity_resolver *identity_resolver_create(void *context) MUST_USE;

/* Would identity_resolver_post() take such a job?  May be out of date at once. */
bool identity_resolver_has_room(struct identity_resolver *resolver, bool urgent);

/* False: LIMIT_IDENTITY_QUESTIONS wait that are as urgent. */
bool identity_resolver_post(struct identity_resolver *resolver, struct identity_job *job) MUST_USE;

/* Jobs that wait or run are done, or dropped.  False: one has not returned within a second, and
 * what it uses must stay.  NULL is allowed. */
bool identity_resolver_destroy(struct identity_resolver *resolver) MUST_USE;
