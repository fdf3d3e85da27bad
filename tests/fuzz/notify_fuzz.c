/* SPDX-License-Identifier: Apache-2.0 */
/* A notify4 and its events: each event that can be decoded is encoded in no more room, and decoded
 * again. */
#include <stdlib.h>

#include "wire/notify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(struct notify_event *event, size_t room, struct arena *arena)
{
    uint8_t *buffer = must_malloc(room);
    struct notify_events again;
    struct notify4 change;
    struct xdr x;

    xdr_init_encode(&x, buffer, room);
    CHECK(notify_encode(&x, event));
    xdr_init_decode(&x, buffer, xdr_pos(&x), NULL);
    CHECK(wire_notify4(&x, &change) && xdr_left(&x) == 0);
    CHECK(notify_decode(&change, &again, arena));
    CHECK(again.count == 1 && again.events[0].type == event->type);
    free(buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct notify_events events;
    struct notify4 change;
    struct arena arena;
    struct xdr x;

    arena_init(&arena, 4096);
    memset(&events, 0xff, sizeof(events));
    xdr_init_decode(&x, data, size, NULL);
    if (wire_notify4(&x, &change) && notify_decode(&change, &events, &arena)) {
        for (uint32_t i = 0; i < events.count; i++)
            round_trip(&events.events[i], size, &arena);
    }
    arena_fini(&arena);
    return 0;
}
