/* SPDX-License-Identifier: Apache-2.0 */
/* Settings that metrics repeat; and time. */
#include "cause.h"
#include "protocol/script.h"
#include "protocol/set_range.h"

static void fewer_opens(void)
{
    set_setting("nfs.max_opens", 1000);
}

static void all_opens(void)
{
    set_setting("nfs.max_opens", LIMIT_OPENS);
}

static void a_budget(void)
{
    set_setting("nfs.memory_mib", 512);
}

static void no_budget(void)
{
    set_setting("nfs.memory_mib", 0);
}

static void time_passes(void)
{
}

static const struct cause causes[] = {
    {.name = "time", .begin = time_passes, .moves = {"event_loop_lag_seconds"}},
    {.name = "a limit of opens",
     .begin = fewer_opens,
     .end = all_opens,
     .moves = {"state_limit{kind=\"opens\"}"}},
    {.name = "a memory budget",
     .begin = a_budget,
     .end = no_budget,
     .moves = {"memory_budget_bytes"}},
};

const struct cause_list cause_settings = {causes, ARRAY_SIZE(causes)};
