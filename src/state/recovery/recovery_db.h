/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The database of recovery.h: recovery.db in the state directory.  One thread at a time.  What
 * recovery_db_commit() confirmed survives a power failure.  Its records are sealed (seal.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

/* A client's name in stable storage. */
struct recovery_key {
    uint32_t kind;        /* enum client_kind */
    uint32_t flavor;      /* of its principal */
    uint64_t who;         /* AUTH_SYS: the uid; RPCSEC_GSS: a hash of the name, below 2^63 */
    const uint8_t *owner; /* co_ownerid */
    uint32_t len;
};

struct recovery_db;

/* Open, make or check it.  NULL and a reason at `error`; the file is left as it is. */
struct recovery_db *recovery_db_open(int dir, char *error, size_t size) MUST_USE;
void recovery_db_close(struct recovery_db *db);

/* Would recovery_db_open() refuse the file?  Writes nothing.  False and a reason at `error`. */
bool recovery_db_check(int dir, char *error, size_t size) MUST_USE;

/* Every record.  False and a reason when they cannot be read or `each` refuses one. */
bool recovery_db_load(struct recovery_db *db,
                      bool (*each)(void *arg, const struct recovery_key *key, bool lost), void *arg,
                      char *error, size_t size) MUST_USE;

/* The lease time that clients of former lives may still go by; 0: there was none. */
uint32_t recovery_db_lease_s(struct recovery_db *db);

/* A transaction: begin, what is to be done, commit.  False: it has been rolled back. */
bool recovery_db_begin(struct recovery_db *db) MUST_USE;
bool recovery_db_put(struct recovery_db *db, const struct recovery_key *key, bool lost) MUST_USE;
bool recovery_db_delete(struct recovery_db *db, const struct recovery_key *key) MUST_USE;
bool recovery_db_set_lease_s(struct recovery_db *db, uint32_t lease_s) MUST_USE;
bool recovery_db_commit(struct recovery_db *db) MUST_USE;
