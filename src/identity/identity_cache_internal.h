/* SPDX-License-Identifier: Apache-2.0 */
/* What the cache tells identity_report.h. */
#pragma once

#include "identity/identity_table.h"

struct identity_report;

struct identity_key identity_cache_key(const struct identity_principal *principal);

struct identity *identity_cache_ask(struct identity_cache *cache, const struct identity_key *key,
                                    enum identity_wait wait) MUST_USE;

/* Of the answer that counts now; -1: there is none. */
int64_t identity_cache_age_ns(struct identity_cache *cache, const struct identity_key *key);

/* Fills in why the answer is as it is: all but the answer and its age. */
void identity_cache_reason(struct identity_cache *cache, const struct identity_key *key,
                           struct identity_report *report);
