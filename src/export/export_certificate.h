/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates of clients, as an export sees them: which may use it (tls_peer=), and as which user
 * their calls act (tls_user=).  What is parsed is immutable; thread safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/limits.h"

struct tls_peer; /* tls/tls_peer.h */

/* Rules as they were said, in their order. */
struct export_rules {
    uint32_t count;
    char *of[LIMIT_EXPORT_RULES];
};

/* Append a copy of RULE (tls/tls_rule.h), or of RULE=USER, where USER is the name of a user or
 * UID:GID.  False, with `error`: it is none, or there are too many. */
bool export_rules_add_peer(struct export_rules *rules, const char *text, char *error,
                           size_t size) MUST_USE;
bool export_rules_add_user(struct export_rules *rules, const char *text, char *error,
                           size_t size) MUST_USE;

void export_rules_fini(struct export_rules *rules);
void export_rules_copy(struct export_rules *copy, const struct export_rules *rules);
bool export_rules_same(const struct export_rules *a, const struct export_rules *b);

/* Whose calls they are. */
struct export_user {
    uint32_t uid, gid;
    uint32_t gid_count;
    uint32_t *gids;
};

struct export_certificates;

/* Parse them, and look the users up in the database of users, which may block.  NULL: there is such
 * a user no longer, and `error` says which; or there are no rules, and `error` is "". */
struct export_certificates *export_certificates_create(const struct export_rules *peers,
                                                       const struct export_rules *users,
                                                       char *error, size_t size) MUST_USE;

/* NULL is allowed. */
void export_certificates_destroy(struct export_certificates *certificates);

/* Is there a rule tls_peer= that the peer matches, or none at all? */
bool export_certificates_admit(const struct export_certificates *certificates,
                               const struct tls_peer *peer);

/* The user of the first rule tls_user= that the peer matches; NULL: none. */
const struct export_user *export_certificates_user(const struct export_certificates *certificates,
                                                   const struct tls_peer *peer);
