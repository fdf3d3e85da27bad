/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/copies/copy_view.h"

#include <string.h>

#include "base/clock.h"
#include "proto/copies/copy.h"
#include "state/client/client.h"

static enum copy_state state_of(enum copy_phase phase)
{
    static const enum copy_state states[] = {
        [COPY_WAITS] = COPY_STATE_WAITING,
        [COPY_RUNS] = COPY_STATE_RUNNING,
        [COPY_ENDED] = COPY_STATE_ENDED,
        [COPY_GONE] = COPY_STATE_OVER,
    };

    return states[phase];
}

void copy_view_fill(struct copy_view *view, const struct copy *copy)
{
    *view = (struct copy_view){
        .number = copy->number,
        .clientid = copy->stateid.client->id,
        .from = copy->from_fh,
        .to = copy->to_fh,
        .done = copy_done(copy),
        .length = copy->plan.length,
        .begun_ns = copy->begun_ns,
        .ended_ns = copy->ended_ns,
        .state = state_of(copy->phase),
        .status = copy->status,
    };
    memcpy(view->other, copy->stateid.other, sizeof(view->other));
}

void copy_history_add(struct copy_history *history, const struct copy *copy, enum copy_state state)
{
    struct copy_view *view = &history->of[history->count++ % LIMIT_COPY_HISTORY];

    copy_view_fill(view, copy);
    view->state = state;
    if (view->ended_ns == 0)
        view->ended_ns = clock_now_ns();
}
