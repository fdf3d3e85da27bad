/* SPDX-License-Identifier: Apache-2.0 */
/* LOCK and LOCKU in the sequence of a lock owner, and RELEASE_LOCKOWNER (RFC 7530 §16.10, §16.12,
 * §16.37). */
#pragma once

#include "proto/v40/compound40.h"

enum nfsstat4 v40_lock(struct v40_compound *x, const struct LOCK4args *args);
enum nfsstat4 v40_locku(struct v40_compound *x, const struct LOCKU4args *args);
enum nfsstat4 v40_release_lockowner(struct v40_compound *x,
                                    const struct RELEASE_LOCKOWNER4args *args);
