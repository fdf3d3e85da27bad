/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a path, and log lines about its changes. */
#include "callback/dial_path_log.h"

#include "base/clock.h"
#include "base/log.h"
#include "callback/dial_out_internal.h"
#include "callback/dial_path.h"
#include "transport/address.h"

void dial_path_log_state_locked(struct dial_path *path, enum dial_path_state state, const char *why,
                                int error, struct dial_path_log *entry)
{
    if (atomic_load_explicit(&path->state, memory_order_relaxed) == (uint32_t)state)
        return;
    atomic_store_explicit(&path->state, state, memory_order_relaxed);
    *entry = (struct dial_path_log){.state = state, .why = why, .error = error};
}

void dial_path_log_down_locked(struct dial_path *path, const char *why, int error,
                               struct dial_path_log *entry)
{
    path->probe_wanted = true;
    dial_path_log_state_locked(path, DIAL_PATH_DOWN, why, error, entry);
}

void dial_path_log_write(struct dial_path *path, const struct dial_path_log *entry)
{
    char peer[ADDRESS_TEXT_BYTES];

    if (entry->state == DIAL_PATH_NONE || !log_enabled(LOG_PART_callback, LOG_LEVEL_INFO) ||
        !log_limit_take(&path->out->log_limit, clock_now_ns(), LIMIT_LOG_CALLBACKS_PER_S))
        return;
    address_format(&path->target.address.sa, peer, sizeof(peer));
    if (entry->state == DIAL_PATH_UP)
        log_info_taken(NULL, "callback.up", LOG_ID("client", path->clientid),
                       LOG_STR("peer", peer));
    else
        log_info_taken(NULL, "callback.down", LOG_ID("client", path->clientid),
                       LOG_STR("peer", peer), LOG_STR("why", entry->why),
                       LOG_I64("errno", entry->error));
}
