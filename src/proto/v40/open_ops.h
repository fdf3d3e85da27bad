/* SPDX-License-Identifier: Apache-2.0 */
/* OPEN and what follows it, in the sequence of an open owner (RFC 7530 §16.2, §16.16 to §16.19). */
#pragma once

#include "proto/v40/compound40.h"

enum nfsstat4 v40_open(struct v40_compound *x, const struct OPEN4args *args);
enum nfsstat4 v40_open_confirm(struct v40_compound *x, const struct OPEN_CONFIRM4args *args);
enum nfsstat4 v40_open_downgrade(struct v40_compound *x, const struct OPEN_DOWNGRADE4args *args);
enum nfsstat4 v40_close(struct v40_compound *x, const struct CLOSE4args *args);
