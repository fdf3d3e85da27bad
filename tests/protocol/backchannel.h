/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the tests of callbacks over a back channel begin: a server with one export, /mem, in which
 * bob's requests meet the delegations of holders (holder.h).
 */
#pragma once

#include "holder.h"

/* The flags of SEQUENCE when a client cannot be called: neither it nor that session. */
#define BACKCHANNEL_DOWN (SEQ4_STATUS_CB_PATH_DOWN | SEQ4_STATUS_CB_PATH_DOWN_SESSION)

/* The root of /mem, which every user may change. */
extern struct client_fh dir;

/* Group setup: that server, where a request that meets a delegation is parked for `park_ms`, then
 * answered NFS4ERR_DELAY.  `options` are more of its options (NULL: none).  0, or -1 on failure. */
int backchannel_setup(uint32_t park_ms, const char *const *options);

/* The same with 10 ms and no more options: as cmocka wants it. */
int backchannel_setup_default(void **state);

/* The callback that the holder got as that one, from 0 on. */
const struct client_callback *back_service_call(const struct holder *holder, uint32_t number);

/* Make a file of that name that the holder has delegated, have it recalled, and wait for the
 * call. */
const struct client_callback *backchannel_recalled(struct holder *holder, const char *name,
                                                   struct client_file *file);
