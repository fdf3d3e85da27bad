/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/v40/v40.h"

#include <stdlib.h>

#include "base/log.h"
#include "proto/v40/duplicate_cache.h"
#include "state/v40/open_confirm.h"
#include "state/v40/owner_tables.h"

struct v40 *v40_create(struct state *state)
{
    const struct duplicate_cache_config config = {0};
    struct v40 *v40 = must_calloc(1, sizeof(*v40));

    v40->duplicates = duplicate_cache_create(&config);
    (void)owner_tables_of(state); /* now, and not in a request that may find no memory */
    return v40;
}

void v40_destroy(struct v40 *v40)
{
    if (!v40)
        return;
    duplicate_cache_destroy(v40->duplicates);
    free(v40);
}

void v40_tick(struct v40 *v40, struct state *state, int64_t now_ns)
{
    uint64_t replays = log_limit_left_out(&v40->replays);

    open_confirm_tick(state, now_ns);
    duplicate_cache_tick(v40->duplicates, now_ns);
    if (replays)
        log_info("compound.replay_left_out", LOG_U64("lines", replays));
}
