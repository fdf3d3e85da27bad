/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations about clients, sessions and connections: what only minor versions from 1 on have.
 * The contract is that of the handlers in ops/, see proto/compound.h.
 */
#pragma once

#include "proto/v41/compound41.h"

enum nfsstat4 v41_exchange_id(struct v41_compound *x, const struct EXCHANGE_ID4args *args);
enum nfsstat4 v41_create_session(struct v41_compound *x, const struct CREATE_SESSION4args *args);
enum nfsstat4 v41_destroy_session(struct v41_compound *x, const struct DESTROY_SESSION4args *args);
enum nfsstat4 v41_bind_conn_to_session(struct v41_compound *x,
                                       const struct BIND_CONN_TO_SESSION4args *args);
enum nfsstat4 v41_backchannel_ctl(struct v41_compound *x, const struct BACKCHANNEL_CTL4args *args);
enum nfsstat4 v41_destroy_clientid(struct v41_compound *x,
                                   const struct DESTROY_CLIENTID4args *args);
enum nfsstat4 v41_reclaim_complete(struct v41_compound *x,
                                   const struct RECLAIM_COMPLETE4args *args);
