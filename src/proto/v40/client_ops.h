/* SPDX-License-Identifier: Apache-2.0 */
/* Operations of 4.0 about a client itself: RFC 7530 §16.5, §16.28, §16.33, §16.34. */
#pragma once

#include "proto/v40/compound40.h"

enum nfsstat4 v40_setclientid(struct v40_compound *x, const struct SETCLIENTID4args *args);
enum nfsstat4 v40_setclientid_confirm(struct v40_compound *x,
                                      const struct SETCLIENTID_CONFIRM4args *args);
enum nfsstat4 v40_renew(struct v40_compound *x, const struct RENEW4args *args);

/* NFS4ERR_NOTSUPP, like CLAIM_DELEGATE_PREV. */
enum nfsstat4 v40_delegpurge(struct v40_compound *x, const struct DELEGPURGE4args *args);
