/* SPDX-License-Identifier: Apache-2.0 */
/* CAP_SYS_ADMIN for a single call, where the process has kept it (daemon/privilege.h). */
#pragma once

#include <stdbool.h>
#include <sys/capability.h>

struct local_raised {
    cap_t before;
};

/* This thread only.  False: the process does not have it.  Each that succeeds is to be ended. */
bool local_raise_begin(struct local_raised *raised);
void local_raise_end(struct local_raised *raised);
