/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/local/raise.h"

#include "base/check.h"

bool local_raise_begin(struct local_raised *raised)
{
    static const cap_value_t needed = CAP_SYS_ADMIN;
    cap_t before = cap_get_proc(), with = before ? cap_dup(before) : NULL;
    bool done = with && cap_set_flag(with, CAP_EFFECTIVE, 1, &needed, CAP_SET) == 0 &&
                cap_set_proc(with) == 0;

    (void)cap_free(with);
    if (!done)
        (void)cap_free(before);
    raised->before = done ? before : NULL;
    return done;
}

void local_raise_end(struct local_raised *raised)
{
    CHECK(cap_set_proc(raised->before) == 0);
    (void)cap_free(raised->before);
}
