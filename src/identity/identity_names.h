/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owners and groups as text (RFC 8881 §5.9): "alice@lab.example" to numbers and back.  Remembered
 * by the cache like all answers; what nobody knows is "nobody".
 */
#pragma once

#include <stddef.h>

#include "identity/identity_cache.h"

enum {
    IDENTITY_NAME_BYTES = 256 + IDENTITY_DOMAIN_BYTES /* a name with its domain and NUL */
};

enum identity_named {
    IDENTITY_NAMED,   /* done */
    IDENTITY_UNNAMED, /* nobody knows it */
    IDENTITY_LATER,   /* there is no answer yet */
};

enum identity_kind {
    IDENTITY_USER,
    IDENTITY_GROUP
};

/* "alice@lab.example", with its length.  `text` is "nobody" unless it is NAMED. */
enum identity_named identity_name_of(struct identity_cache *cache, enum identity_kind kind,
                                     uint32_t id, enum identity_wait wait,
                                     char text[IDENTITY_NAME_BYTES], uint32_t *len) MUST_USE;

/* The number of "alice@lab.example"; the domain has to be ours, in any case of letters.  UNNAMED
 * also for a name without a domain. */
enum identity_named identity_id_of(struct identity_cache *cache, enum identity_kind kind,
                                   const char *text, uint32_t len, enum identity_wait wait,
                                   uint32_t *id) MUST_USE;
