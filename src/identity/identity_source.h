/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where identities come from that the map file does not have: questions that may block for as long
 * as a directory service does not answer.  Asked by the threads of identity_resolver.h alone.
 */
#pragma once

#include <stdint.h>

#include "base/check.h"
#include "identity/identity.h"

enum identity_question {
    IDENTITY_ASK_PRINCIPAL, /* what libnfsidmap makes of the principal `name`, with groups */
    IDENTITY_ASK_ACCOUNT,   /* the account `name`, with groups */
    IDENTITY_ASK_UID,       /* the account of the user `id`, with groups */
    IDENTITY_ASK_USER,      /* the name of the user `id` */
    IDENTITY_ASK_GROUP,     /* the name of the group `id`; its ID is the answer's gid */
    IDENTITY_ASK_USER_ID,   /* the user called `name` */
    IDENTITY_ASK_GROUP_ID,  /* the group called `name` */
    IDENTITY_ASK_DOMAIN     /* that of owners: the answer's name */
};

enum identity_found {
    IDENTITY_FOUND,
    IDENTITY_UNKNOWN, /* there is none */
    IDENTITY_FAILED   /* the database can't tell now; or no memory */
};

struct identity_source {
    /* *answer has a reference if it is FOUND.  Several threads at once. */
    enum identity_found (*ask)(enum identity_question question, uint32_t id, const char *name,
                               struct identity **answer);
};

/* libnfsidmap, and the database of users that this machine has (NSS). */
extern const struct identity_source identity_system;
